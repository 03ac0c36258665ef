import { test } from 'node:test'
import { hex, type Text } from '../../kit/bytes.ts'
import { type ConnectFields, v5 } from '../../kit/packets.ts'
import type { BuildProperties } from '../../kit/properties.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

const illFormed = {
  'a byte that never occurs': hex`61 ff`,
  'a continuation byte alone': hex`80`,
  'a sequence cut short': hex`61 e282`,
  'a lead byte without continuation': hex`c328`,
  'an overlong slash': hex`c0af`,
  'an overlong U+0000': hex`c080`,
  'an overlong euro sign': hex`f08282ac`,
  'the first surrogate': hex`eda080`,
  'the last surrogate': hex`edbfbf`,
  'a surrogate pair': hex`eda0bdedb880`,
  'a code point above U+10FFFF': hex`f4908080`,
}

const withNull = { 'U+0000 alone': hex`00`, 'U+0000 inside': hex`610062`, 'U+0000 last': hex`6100` }

type Build<T> = (text: Text) => T

const name = (text: Text): BuildProperties => ({ userProperty: [[text, 'v']] })
const value = (text: Text): BuildProperties => ({ userProperty: [['n', text]] })

/** Strings in packets of a connected client. */
const strings: Record<string, Build<Buffer>> = {
  'the Topic Name of PUBLISH': (topic) => v5.publish({ topic }),
  'the Response Topic of PUBLISH': (text) => v5.publish({ topic: fresh(), properties: { responseTopic: text } }),
  'the Content Type of PUBLISH': (text) => v5.publish({ topic: fresh(), properties: { contentType: text } }),
  'the Topic Filter of SUBSCRIBE': (filter) => v5.subscribe({ filters: [{ filter }] }),
  'the second Topic Filter of SUBSCRIBE': (filter) => v5.subscribe({ filters: [fresh(), { filter }] }),
  'the Topic Filter of UNSUBSCRIBE': (filter) => v5.unsubscribe({ filters: [filter] }),
  'the Reason String of PUBACK': (text) => v5.puback(1, { properties: { reasonString: text } }),
  'the Reason String of PUBREC': (text) => v5.pubrec(1, { properties: { reasonString: text } }),
  'the Reason String of PUBREL': (text) => v5.pubrel(1, { properties: { reasonString: text } }),
  'the Reason String of PUBCOMP': (text) => v5.pubcomp(1, { properties: { reasonString: text } }),
  'the Reason String of DISCONNECT': (text) => v5.disconnect({ properties: { reasonString: text } }),
}

/** User properties in packets of a connected client. */
const pairs: Record<string, Build<Buffer>> = {}
for (const [part, pair] of Object.entries({ name, value })) {
  Object.assign(pairs, {
    [`the ${part} of a User Property of PUBLISH`]: (t: Text) => v5.publish({ topic: fresh(), properties: pair(t) }),
    [`the ${part} of a User Property of SUBSCRIBE`]: (t: Text) =>
      v5.subscribe({ filters: [fresh()], properties: pair(t) }),
    [`the ${part} of a User Property of UNSUBSCRIBE`]: (t: Text) =>
      v5.unsubscribe({ filters: [fresh()], properties: pair(t) }),
    [`the ${part} of a User Property of PUBACK`]: (t: Text) => v5.puback(1, { properties: pair(t) }),
    [`the ${part} of a User Property of PUBREC`]: (t: Text) => v5.pubrec(1, { properties: pair(t) }),
    [`the ${part} of a User Property of PUBREL`]: (t: Text) => v5.pubrel(1, { properties: pair(t) }),
    [`the ${part} of a User Property of PUBCOMP`]: (t: Text) => v5.pubcomp(1, { properties: pair(t) }),
    [`the ${part} of a User Property of DISCONNECT`]: (t: Text) => v5.disconnect({ properties: pair(t) }),
  })
}

const will = (properties: BuildProperties): ConnectFields => ({ will: { topic: fresh(), properties } })

const connectStrings: Record<string, Build<ConnectFields>> = {
  'the Client Identifier of CONNECT': (clientId) => ({ clientId }),
  'the User Name of CONNECT': (username) => ({ username }),
  'the Will Topic of CONNECT': (topic) => ({ will: { topic } }),
  'the Authentication Method of CONNECT': (text) => ({ properties: { authenticationMethod: text } }),
  'the Content Type of a Will': (text) => will({ contentType: text }),
  'the Response Topic of a Will': (text) => will({ responseTopic: text }),
}

const connectPairs: Record<string, Build<ConnectFields>> = {
  'the name of a User Property of CONNECT': (text) => ({ properties: name(text) }),
  'the value of a User Property of CONNECT': (text) => ({ properties: value(text) }),
  'the name of a User Property of a Will': (text) => will(name(text)),
  'the value of a User Property of a Will': (text) => will(value(text)),
}

async function refuses(build: Build<Buffer>, texts: Record<string, Buffer>): Promise<void> {
  for (const [kind, text] of Object.entries(texts)) {
    const client = await broker.connect(v5)
    client.send(build(text))
    await client.expectBroken(0x81).catch((error: unknown) => Promise.reject(new Error(kind, { cause: error })))
  }
}

async function refusesConnect(build: Build<ConnectFields>, texts: Record<string, Buffer>): Promise<void> {
  for (const [kind, text] of Object.entries(texts)) {
    const client = await broker.open(v5)
    client.send(v5.connect({ clientId: fresh(), ...build(text) }))
    const codes = broker.foreign ? [] : [0x81]
    await client.expectRefused(...codes).catch((error: unknown) => Promise.reject(new Error(kind, { cause: error })))
  }
}

/** The statements that say so of one field. */
const statements: Record<string, string> = {
  'the Topic Name of PUBLISH': ' [MQTT-3.3.2-1]',
  'the Response Topic of PUBLISH': ' [MQTT-3.3.2-13]',
  'the Content Type of PUBLISH': ' [MQTT-3.3.2-19]',
  'the Client Identifier of CONNECT': ' [MQTT-3.1.3-4]',
  'the User Name of CONNECT': ' [MQTT-3.1.3-12]',
  'the Will Topic of CONNECT': ' [MQTT-3.1.3-11]',
}

for (const [field, build] of Object.entries(strings)) {
  const tags = statements[field] ?? ''
  test(`${field} in ill-formed UTF-8 is a Malformed Packet [MQTT-1.5.4-1]${tags}`, () => refuses(build, illFormed))
  test(`${field} with U+0000 is a Malformed Packet [MQTT-1.5.4-2]${tags}`, () => refuses(build, withNull))
}

for (const [field, build] of Object.entries(pairs)) {
  test(`${field} in ill-formed UTF-8 is a Malformed Packet [MQTT-1.5.7-1]`, () => refuses(build, illFormed))
  test(`${field} with U+0000 is a Malformed Packet [MQTT-1.5.7-1]`, () => refuses(build, withNull))
}

for (const [field, build] of Object.entries(connectStrings)) {
  const tags = statements[field] ?? ''
  test(`${field} in ill-formed UTF-8 is refused [MQTT-1.5.4-1]${tags}`, () => refusesConnect(build, illFormed))
  test(`${field} with U+0000 is refused [MQTT-1.5.4-2]${tags}`, () => refusesConnect(build, withNull))
}

for (const [field, build] of Object.entries(connectPairs)) {
  test(`${field} in ill-formed UTF-8 is refused [MQTT-1.5.7-1]`, () => refusesConnect(build, illFormed))
  test(`${field} with U+0000 is refused [MQTT-1.5.7-1]`, () => refusesConnect(build, withNull))
}

test('the will of a client that sent an ill-formed packet is published [MQTT-1.5.4-1] [MQTT-3.1.2-8]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const client = await broker.connect(v5, { will: { topic, payload: 'lost' } })
  client.send(v5.publish({ topic: hex`61 ff` }))
  await client.expectBroken(0x81)
  await reader.expect('publish', { topic, payload: 'lost' })
})

test('nothing of an ill-formed PUBLISH is distributed [MQTT-1.5.4-1]', async () => {
  const reader = await broker.connect(v5)
  const topic = fresh()
  await reader.subscribe(topic)
  const client = await broker.connect(v5)
  client.send(v5.publish({ topic, properties: { contentType: hex`c328` } }))
  await client.expectBroken(0x81)
  await reader.expectNoMore()
})
