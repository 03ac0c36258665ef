import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { adviceFor } from '../../../src/cli/why-advice.ts'
import { Troubles, troublesText } from '../../../src/cli/why-summary.ts'
import { entriesText } from '../../../src/cli/why-text.ts'
import { durationText, pasted, shown } from '../../../src/cli/why-words.ts'
import type { DropReason, JournalEvent } from '../../../src/engine/ports.ts'
import type { StoredEvent } from '../../../src/journal/entry.ts'
import { Reason } from '../../../src/packet/reason.ts'
import { connected, denied, disconnected, dropped, refused } from '../journal/kit.ts'

const context = { config: null }
const entry = (event: StoredEvent, count = 1) => ({ event, first: 0, last: 1_000, count })
const cause = (event: StoredEvent) => adviceFor(event, context)?.cause

const ended = (reason: number, detail: string, by: 'server' | 'client' | 'network' = 'server'): JournalEvent => {
  const event = disconnected('pump-7')
  assert.ok(event.kind === 'disconnected')
  return { ...event, by, reason, detail }
}

test('every way to be refused has advice of its own', () => {
  const cases: readonly (readonly [number, string, string])[] = [
    [Reason.BadUserNameOrPassword, 'the password of the user ann is wrong', 'bad-password'],
    [Reason.BadUserNameOrPassword, 'nobody knows the user ann', 'bad-password'],
    [Reason.NotAuthorized, 'anonymous clients are not let in here', 'anonymous'],
    [
      Reason.NotAuthorized,
      'the certificate of CN=p (serial 1, issued by CN=r) expired on 2025-01-01',
      'certificate-expired',
    ],
    [
      Reason.UnspecifiedError,
      'client certificate not accepted: the client certificate has expired',
      'certificate-expired',
    ],
    [Reason.NotAuthorized, 'the certificate of CN=p (serial 1, issued by CN=r) is revoked', 'certificate-refused'],
    [Reason.BadUserNameOrPassword, 'the token of "tom" expired at 2025-01-01T00:00:00Z', 'token-expired'],
    [Reason.BadUserNameOrPassword, 'the token is for another audience: "x", not y', 'token-refused'],
    [Reason.UnspecifiedError, 'TLS handshake failed: the client does not speak TLS', 'client-speaks-no-tls'],
    [Reason.UnspecifiedError, 'TLS handshake failed: client and server have no cipher in common', 'tls-handshake'],
    [Reason.ServerBusy, 'too many attempts to authenticate ann from 192.0.2.1 are underway', 'too-many-attempts'],
    [Reason.NotAuthorized, 'ann may not use the client identifier x: allowed are a-*', 'client-id-not-allowed'],
    [Reason.BadAuthenticationMethod, 'the method X is not known here', 'authentication-method'],
    [Reason.UnsupportedProtocolVersion, 'version 6', 'version'],
    [Reason.ServerUnavailable, 'the store fails: no space left', 'store-failing'],
    [Reason.ServerUnavailable, 'the HTTP server does not answer', 'authentication-service'],
    [Reason.NotAuthorized, 'connecting: denied by rules.yaml:3: deny connect', 'rule-denies-connect'],
    [Reason.NotAuthorized, 'connecting: no rule allows it', 'no-rule-allows-connect'],
    [Reason.NotAuthorized, 'the will: no rule allows it', 'will-not-allowed'],
    [Reason.UnspecifiedError, 'no complete CONNECT in time', 'no-connect'],
    [Reason.ProtocolError, 'the first packet is not CONNECT', 'not-mqtt'],
    [Reason.UnspecifiedError, 'PROXY header not accepted: none', 'proxy-header'],
    [Reason.UnspecifiedError, 'WebSocket subprotocol mqtt not offered', 'websocket'],
    [Reason.UnspecifiedError, 'connection limit of the listener', 'connection-limit'],
  ]
  for (const [reason, detail, expected] of cases)
    assert.equal(cause(refused('pump-7', '192.0.2.1', { reason, detail })), expected, detail)
})

test('every way to be disconnected has advice of its own, and an orderly end has none', () => {
  const cases: readonly (readonly [number, string, string])[] = [
    [Reason.KeepAliveTimeout, 'nothing heard for 15 seconds', 'keep-alive'],
    [Reason.SessionTakenOver, 'the client connected again', 'taken-over'],
    [Reason.PacketTooLarge, 'over 100 bytes', 'packet-too-large'],
    [Reason.QuotaExceeded, 'took nothing of what it was sent for 60 seconds', 'stalled'],
    [Reason.QuotaExceeded, 'the queue is full', 'quota'],
    [Reason.MessageRateTooHigh, 'more messages or bytes a second than one client may send', 'rate'],
    [Reason.ReceiveMaximumExceeded, 'more unacknowledged messages than announced', 'receive-maximum'],
    [Reason.TopicNameInvalid, 'a wildcard, or too long', 'topic'],
    [Reason.NotAuthorized, 'publishing to a: no rule allows it', 'not-allowed'],
    [Reason.MaximumConnectTime, 'the proof of ann expired at 2025-01-01', 'token-expired'],
    [Reason.MalformedPacket, 'PINGREQ with a body', 'malformed'],
  ]
  for (const [reason, detail, expected] of cases) assert.equal(cause(ended(reason, detail)), expected, detail)
  assert.equal(cause(ended(0, 'connection lost', 'network')), 'network')
  assert.equal(cause(ended(0, 'disconnected', 'client')), undefined)
  assert.equal(cause(ended(Reason.ServerShuttingDown, 'the broker is closing')), undefined)
  assert.equal(cause(connected('pump-7')), undefined)
})

test('every reason for which messages are dropped has advice of its own', () => {
  const reasons: readonly DropReason[] = [
    'receiver behind',
    'queue full',
    'expired',
    'too large for receiver',
    'memory limit',
    'not authorized',
    'session ended',
    'store failing',
  ]
  const causes = reasons.map((why) =>
    cause({ ...dropped('a', 't', 1), kind: 'dropped', topic: 't', qos: 0, why, count: 1 }),
  )
  assert.equal(new Set(causes).size, reasons.length)
})

test('a refusal without a rule comes with a rule to add, and with a command that can be pasted', () => {
  const event = denied('pump 7', "it's/+", { action: 'subscribe', qos: 1, identity: 'ann', listener: 'inside' })
  const { text = '' } = adviceFor(event, { config: 'b.yaml' }) ?? {}
  assert.match(text, /- \{ allow: subscribe, user: "ann", topic: "it's\/\+" \}/)
  assert.ok(
    text.includes(
      `petaltail explain --config b.yaml --client 'pump 7' --user ann --listener inside --qos 1 subscribe 'it'\\''s/+'`,
    ),
    text,
  )
})

test('of a shared subscription the filter without the share is what a rule must allow', () => {
  const { text = '' } = adviceFor(denied('a', '$share/g/x/#', { action: 'subscribe' }), context) ?? {}
  assert.match(text, /topic: "x\/#"/)
  assert.match(text, /subscribe 'x\/#'/)
})

test('nothing a client chose is printed so that it moves a cursor, or pasted so that it runs', () => {
  const evil = '\u001b[2J\r\n\u009bx\u2028$(reboot)`id`'
  const events = [
    denied(evil, evil, { detail: evil, rule: evil }),
    refused(evil, evil, { detail: evil }),
    connected(evil),
  ]
  const text = entriesText(
    [...events, disconnected(evil, [evil]), dropped(evil, evil, 2)].map((event) => entry(event)),
    context,
  )
  assert.match(text, /^[^\p{Cc}\u2028\u2029]*$/mu)
  assert.ok(!/[\u2028\u2029]|(?!\n)\p{Cc}/u.test(text))
  assert.equal(pasted(evil), null)
  assert.equal(pasted('$(reboot)'), "'$(reboot)'")
  assert.equal(pasted("a'b"), "'a'\\''b'")
  assert.equal(pasted('-x'), "'-x'")
  assert.equal(shown('Pumpe-Süd/7'), 'Pumpe-Süd/7')
})

test('each cause is advised once, the latest first', () => {
  const text = entriesText([entry(denied('a')), entry(disconnected('a')), entry(denied('a', 'u'))], context)
  assert.equal(text.match(/no-rule-allows:/g)?.length, 1)
  assert.ok(text.indexOf('no-rule-allows:') < text.indexOf('keep-alive:'))
})

test('durations are in the unit that says enough', () => {
  assert.deepEqual([12, 1_500, 180_000, 7_200_000, 400_000_000].map(durationText), [
    '12 ms',
    '1 s',
    '3 min',
    '2 h',
    '4 days',
  ])
})

test('the summary adds up what is the same trouble of the same client, the most frequent first', () => {
  const troubles = new Troubles(context)
  for (let number = 0; number < 5; number++) troubles.add(entry(denied('a', `t/${number}`), 2))
  troubles.add(entry(dropped('b', 't', 30), 30))
  troubles.add(entry(connected('c')))
  for (const address of ['192.0.2.1', '192.0.2.2']) troubles.add(entry(refused('', address)))
  const most = troubles.most(10)
  assert.deepEqual(
    most.map(({ clientId, count }) => [clientId, count]),
    [
      ['b', 30],
      ['a', 10],
      ['', 1],
      ['', 1],
    ],
  )
  assert.equal(troubles.most(1).length, 1)
  assert.match(troublesText(most), /^30 {2}b {2}dropped: queue full/)
})

test('a summary of very many different troubles takes bounded memory', () => {
  const troubles = new Troubles(context)
  for (let number = 0; number < 50_000; number++) troubles.add(entry(denied(`client-${number}`)))
  troubles.add(entry(denied('often'), 1_000))
  const most = troubles.most(100_000)
  assert.ok(most.length <= 20_000)
  assert.equal(most[0]?.clientId, 'often')
})

test('the page about the journal names every cause there is advice for', () => {
  const folder = new URL('../../../src/cli/', import.meta.url)
  const files = readdirSync(folder).filter((name) => name.startsWith('why-'))
  const text = files.map((name) => readFileSync(new URL(name, folder), 'utf8')).join('')
  const causes = [...text.matchAll(/\bcause: '([\w-]+)'/g)].map(([, found = '']) => found)
  const page = readFileSync(new URL('../../../docs/journal.md', import.meta.url), 'utf8')
  const [, list = ''] = /^The causes in `advice`:([\s\S]*?)\.$/m.exec(page) ?? []
  assert.deepEqual([...list.matchAll(/`([\w-]+)`/g)].map(([, found]) => found).sort(), [...new Set(causes)].sort())
})
