import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ServerPacket } from '../../kit/decode.ts'
import { type Packets, v4, v5 } from '../../kit/packets.ts'
import type { BenchClient } from '../engine/kit.ts'
import { FaultBench, kept, settled, until } from './kit.ts'

function types(packets: readonly ServerPacket[]): string[] {
  return packets.map((packet) => ('id' in packet ? `${packet.type} ${packet.id}` : packet.type))
}

/** The acknowledgements and PUBLISH packets a client got up to now, waiting until there are so many. */
async function take(client: BenchClient, count: number): Promise<ServerPacket[]> {
  const packets: ServerPacket[] = []
  await until(() => {
    packets.push(...client.take())
    return packets.length >= count
  })
  return packets
}

async function nothingFor(client: BenchClient): Promise<void> {
  await settled()
  assert.deepEqual(types(client.take()), [])
}

const versions: readonly Packets[] = [v4, v5]

for (const packets of versions) {
  describe(`MQTT ${packets.version}: while a commit is not done nothing that depends on it is acknowledged`, () => {
    test('PUBACK of a message for a kept session', async () => {
      await using bench = new FaultBench()
      await bench.keeper(v5, 'keeper', 'a/#')
      const publisher = await bench.connect(packets)
      bench.tables.hang()
      publisher.send(packets.publish({ topic: 'a/1', qos: 1, id: 5, payload: 'x' }))
      await nothingFor(publisher)
      bench.tables.go()
      assert.deepEqual(types(await take(publisher, 1)), ['puback 5'])
    })

    test('PUBACK of a retained message', async () => {
      await using bench = new FaultBench()
      const publisher = await bench.connect(packets)
      bench.tables.hang()
      publisher.send(packets.publish({ topic: 'a/1', qos: 1, id: 5, payload: 'x', retain: true }))
      await nothingFor(publisher)
      bench.tables.go()
      assert.deepEqual(types(await take(publisher, 1)), ['puback 5'])
    })

    test('PUBREC and PUBCOMP of a publisher with a kept session', async () => {
      await using bench = new FaultBench()
      const publisher = await bench.connect(packets, kept(packets, 'publisher'))
      bench.tables.hang()
      publisher.send(packets.publish({ topic: 'a/1', qos: 2, id: 5, payload: 'x' }))
      await nothingFor(publisher)
      publisher.send(packets.publish({ topic: 'a/1', qos: 2, id: 5, payload: 'x', dup: true }))
      await nothingFor(publisher)
      bench.tables.go()
      assert.deepEqual(types(await take(publisher, 2)), ['pubrec 5', 'pubrec 5'])
      bench.tables.hang()
      publisher.send(packets.pubrel(5))
      await nothingFor(publisher)
      bench.tables.go()
      assert.deepEqual(types(await take(publisher, 1)), ['pubcomp 5'])
    })

    test('a QoS 2 PUBLISH to a kept session, and PUBREL', async () => {
      await using bench = new FaultBench()
      const keeper = await bench.keeper(packets, 'keeper', 'a/#', 2)
      const publisher = await bench.connect(v5)
      bench.tables.hang()
      publisher.send(v5.publish({ topic: 'a/1', qos: 2, id: 5, payload: 'x' }))
      await nothingFor(keeper)
      bench.tables.go()
      const [publish] = await take(keeper, 1)
      assert.ok(publish.type === 'publish')
      bench.tables.hang()
      keeper.send(packets.pubrec(publish.id))
      await nothingFor(keeper)
      bench.tables.go()
      assert.deepEqual(types(await take(keeper, 1)), [`pubrel ${publish.id}`])
    })

    test('SUBACK and UNSUBACK of a kept session', async () => {
      await using bench = new FaultBench()
      const client = await bench.connect(packets, kept(packets, 'keeper'))
      bench.tables.hang()
      client.send(packets.subscribe({ id: 3, filters: ['a'] }))
      await nothingFor(client)
      bench.tables.go()
      assert.deepEqual(types(await take(client, 1)), ['suback 3'])
      bench.tables.hang()
      client.send(packets.unsubscribe({ id: 4, filters: ['a'] }))
      await nothingFor(client)
      bench.tables.go()
      assert.deepEqual(types(await take(client, 1)), ['unsuback 4'])
    })

    test('CONNACK of a new kept session', async () => {
      await using bench = new FaultBench()
      bench.tables.hang()
      const client = bench.begin(packets, kept(packets, 'keeper'))
      await nothingFor(client)
      bench.tables.go()
      assert.deepEqual(types(await take(client, 1)), ['connack'])
    })

    test('but a message for sessions that are not kept goes on, and so do QoS 0 and PINGREQ', async () => {
      await using bench = new FaultBench()
      await bench.keeper(v5, 'keeper', 'a/#')
      const reader = await bench.connect(packets)
      await reader.subscribe('live/#', 2)
      const publisher = await bench.connect(packets)
      const busy = await bench.connect(packets)
      bench.tables.hang()
      busy.send(packets.publish({ topic: 'a/1', qos: 1, id: 5, payload: 'x' }))
      publisher.send(packets.publish({ topic: 'live/0', payload: 'x' }))
      publisher.send(packets.publish({ topic: 'live/1', qos: 1, id: 1, payload: 'x' }))
      publisher.send(packets.publish({ topic: 'live/2', qos: 2, id: 2, payload: 'x' }))
      publisher.send(packets.pubrel(2), packets.pingreq())
      busy.send(packets.pingreq())
      assert.deepEqual(types(await take(publisher, 4)), ['puback 1', 'pubrec 2', 'pubcomp 2', 'pingresp'])
      assert.deepEqual(
        (await take(reader, 3)).map((packet) => packet.type),
        ['publish', 'publish', 'publish'],
      )
      assert.deepEqual(types(await take(busy, 1)), ['pingresp'])
      bench.tables.go()
      assert.deepEqual(types(await take(busy, 1)), ['puback 5'])
    })
  })

  describe(`MQTT ${packets.version}: while the disk takes nothing`, () => {
    test('what was held back at the beginning is acknowledged once the disk is well, in order and once', async () => {
      await using bench = new FaultBench()
      const keeper = await bench.keeper(v5, 'keeper', 'a/#')
      const publisher = await bench.connect(packets)
      bench.tables.fail('ENOSPC')
      for (const id of [3, 1, 2]) publisher.send(packets.publish({ topic: `a/${id}`, qos: 1, id, payload: `${id}` }))
      await until(() => bench.core.store.condition === 'failing')
      await nothingFor(publisher)
      await bench.heal()
      assert.deepEqual(types(await take(publisher, 3)), ['puback 3', 'puback 1', 'puback 2'])
      const published = (await take(keeper, 3)).flatMap((packet) => (packet.type === 'publish' ? [packet.topic] : []))
      assert.deepEqual(published, ['a/3', 'a/1', 'a/2'])
      await nothingFor(publisher)
      await nothingFor(keeper)
    })

    test('nobody is told of a new kept session, a will or a subscription as safe', async () => {
      await using bench = new FaultBench()
      const before = await bench.connect(packets, kept(packets, 'before'))
      await bench.failing()
      const refused = bench.begin(packets, kept(packets, 'new'))
      const willing = bench.begin(packets, { clientId: 'willing', clean: true, will: { topic: 'w', payload: 'x' } })
      for (const client of [refused, willing]) {
        const [connack] = await take(client, 1)
        assert.ok(connack.type === 'connack')
        assert.equal(connack.code, packets.version === 5 ? 0x88 : 3)
        assert.ok(client.wire.closed)
      }
      before.send(packets.subscribe({ id: 3, filters: ['a'] }))
      await settled()
      for (const packet of before.take())
        assert.ok(packet.type === 'suback' && packet.codes.every((code) => code >= 0x80), packet.type)
    })

    test('a client whose CONNACK is held back and who connects again is not told that its session is safe', async () => {
      await using bench = new FaultBench()
      await bench.safe()
      bench.tables.fail('ENOSPC')
      const first = bench.begin(packets, kept(packets, 'twice'))
      await until(() => bench.core.store.condition === 'failing')
      assert.deepEqual(types(first.take()), [])
      const second = bench.begin(packets, kept(packets, 'twice'))
      await settled()
      assert.ok(first.wire.closed)
      for (const packet of second.take()) {
        assert.ok(packet.type === 'connack')
        assert.notEqual(packet.code, 0, 'CONNACK says that a session is kept that no disk has')
      }
    })

    test('kept sessions come back, get live QoS 0 and what waited for them, and acknowledge it', async () => {
      await using bench = new FaultBench()
      const keeper = await bench.keeper(packets, 'keeper', 'a/#')
      keeper.lose()
      const publisher = await bench.connect(v5)
      publisher.send(v5.publish({ topic: 'a/1', qos: 1, id: 1, payload: 'waits' }))
      await take(publisher, 1)
      await bench.failing()
      const again = bench.begin(packets, kept(packets, 'keeper'))
      const [connack, publish] = await take(again, 2)
      assert.ok(connack.type === 'connack' && connack.sessionPresent && connack.code === 0)
      assert.ok(publish.type === 'publish' && publish.payload.toString() === 'waits')
      again.send(packets.puback(publish.id))
      publisher.send(v5.publish({ topic: 'a/2', qos: 0, payload: 'live' }))
      const [live] = await take(again, 1)
      assert.ok(live.type === 'publish' && live.payload.toString() === 'live')
    })
  })
}

test('an MQTT 5 publisher is told 0x97 and goes on; what does not need the disk is acknowledged', async () => {
  await using bench = new FaultBench()
  await bench.keeper(v5, 'keeper', 'a/#')
  const publisher = await bench.connect(v5)
  await bench.failing()
  publisher.send(
    v5.publish({ topic: 'a/1', qos: 1, id: 1, payload: 'x' }),
    v5.publish({ topic: 'a/2', qos: 2, id: 2, payload: 'x' }),
    v5.publish({ topic: 'r', qos: 1, id: 3, payload: 'x', retain: true }),
    v5.publish({ topic: 'r', qos: 1, id: 4, payload: '', retain: true }),
    v5.publish({ topic: 'nobody', qos: 1, id: 5, payload: 'x' }),
    v5.publish({ topic: 'nobody', qos: 2, id: 6, payload: 'x' }),
  )
  const answers = (await take(publisher, 6)).map((packet) =>
    'code' in packet && 'id' in packet ? [packet.type, packet.id, packet.code] : [],
  )
  assert.deepEqual(answers, [
    ['puback', 1, 0x97],
    ['pubrec', 2, 0x97],
    ['puback', 3, 0x97],
    ['puback', 4, 0x97],
    ['puback', 5, 0x10],
    ['pubrec', 6, 0x10],
  ])
  await bench.heal()
  publisher.send(v5.publish({ topic: 'a/2', qos: 2, id: 2, payload: 'again' }))
  const [pubrec] = await take(publisher, 1)
  assert.ok(pubrec.type === 'pubrec' && pubrec.code === 0)
})

test('an MQTT 3.1.1 publisher waits, is not read from, and goes on where it was', async () => {
  await using bench = new FaultBench()
  const keeper = await bench.keeper(v5, 'keeper', 'a/#')
  const publisher = await bench.connect(v4, { keepAlive: 10 })
  await bench.failing()
  publisher.send(
    v4.publish({ topic: 'a/1', qos: 1, id: 1, payload: '1' }),
    v4.publish({ topic: 'b', qos: 0, payload: 'x' }),
    v4.publish({ topic: 'a/2', qos: 2, id: 2, payload: '2' }),
    v4.pubrel(2),
    v4.publish({ topic: 'a/3', qos: 1, id: 3, payload: '3' }),
  )
  await nothingFor(publisher)
  assert.ok(publisher.wire.paused)
  bench.clock.advance(600_000)
  assert.ok(!publisher.wire.closed, 'keep alive ended a client that we made wait')
  await bench.heal()
  assert.deepEqual(types(await take(publisher, 4)), ['puback 1', 'pubrec 2', 'pubcomp 2', 'puback 3'])
  assert.ok(!publisher.wire.paused)
  const payloads = (await take(keeper, 3)).flatMap((one) => (one.type === 'publish' ? [one.payload.toString()] : []))
  assert.deepEqual(payloads, ['1', '2', '3'])
  bench.clock.advance(14_000)
  assert.ok(!publisher.wire.closed)
  bench.clock.advance(10_000)
  assert.ok(publisher.wire.closed, 'the keep alive counts again')
})

test('a publisher that leaves while it waits has published nothing', async () => {
  await using bench = new FaultBench()
  const keeper = await bench.keeper(v5, 'keeper', 'a/#')
  const publisher = await bench.connect(v4)
  await bench.failing()
  publisher.send(v4.publish({ topic: 'a/1', qos: 1, id: 1, payload: '1' }))
  await settled()
  publisher.lose()
  await bench.heal()
  await nothingFor(keeper)
  assert.deepEqual(types(publisher.take()), [])
})

test('a client that leaves while acknowledgements are held back gets none, and the broker goes on', async () => {
  await using bench = new FaultBench()
  const keeper = await bench.keeper(v5, 'keeper', 'a/#')
  const publisher = await bench.connect(v4)
  const other = await bench.connect(v5)
  bench.tables.hang()
  for (const client of [publisher, other])
    client.send(client.packets.publish({ topic: 'a/1', qos: 1, id: 1, payload: 'x' }))
  await settled()
  publisher.lose()
  bench.tables.go()
  assert.deepEqual(types(await take(other, 1)), ['puback 1'])
  assert.equal((await take(keeper, 2)).length, 2)
  assert.deepEqual(types(publisher.take()), [])
})

test('a client that is taken over while its CONNACK is held back: the second one has the session', async () => {
  for (const packets of versions) {
    await using bench = new FaultBench()
    bench.tables.hang()
    const first = bench.begin(packets, kept(packets, 'same'))
    await settled()
    const second = bench.begin(packets, kept(packets, 'same'))
    await settled()
    assert.ok(first.wire.closed)
    assert.deepEqual(types(second.take()), [])
    bench.tables.go()
    const [connack] = await take(second, 1)
    assert.ok(connack.type === 'connack' && connack.code === 0)
    assert.equal(first.take().filter((packet) => packet.type === 'connack' && packet.code === 0).length, 0)
    second.send(packets.subscribe({ id: 1, filters: ['a'] }))
    assert.deepEqual(types(await take(second, 1)), ['suback 1'])
    await bench.safe()
    const after = bench.crash()
    assert.equal(after.core.sessions.get('same')?.subscriptions.size, 1)
    assert.equal(after.core.sessions.size, 1)
    await after.core.close()
  }
})

test('a client whose CONNACK the disk holds back is not told that it did not say CONNECT', async () => {
  await using bench = new FaultBench()
  bench.tables.hang()
  const client = bench.begin(v5, kept(v5, 'patient'))
  await settled()
  bench.clock.advance(60_000)
  assert.ok(!client.wire.closed, 'cut off while we made it wait')
  bench.tables.go()
  assert.deepEqual(types(await take(client, 1)), ['connack'])
})

test('what a crash while the disk fails leaves is what was acknowledged', async () => {
  await using bench = new FaultBench()
  const keeper = await bench.keeper(v5, 'keeper', 'a/#')
  keeper.lose()
  const publisher = await bench.connect(v5)
  publisher.send(v5.publish({ topic: 'a/1', qos: 1, id: 1, payload: 'safe' }))
  await take(publisher, 1)
  await bench.failing()
  publisher.send(v5.publish({ topic: 'a/2', qos: 1, id: 2, payload: 'refused' }))
  await take(publisher, 1)
  const after = bench.crash()
  const again = await after.connect(v5, { ...kept(v5, 'other') })
  again.send(v5.pingreq())
  await take(again, 1)
  const back = after.begin(v5, kept(v5, 'keeper'))
  const [connack, publish] = await take(back, 2)
  assert.ok(connack.type === 'connack' && connack.sessionPresent)
  assert.ok(publish.type === 'publish' && publish.payload.toString() === 'safe')
  await after.core.close()
})

test('the log says why, once, and that all is well again', async () => {
  await using bench = new FaultBench()
  await bench.failing('EIO')
  await settled()
  await bench.heal()
  const lines = bench.lines.filter(({ message }) => message.includes('store'))
  assert.deepEqual(
    lines.map(({ level }) => level),
    ['error', 'info'],
  )
  assert.match(JSON.stringify(lines[0].fields), /EIO: the disk does not take it/)
})

test('a batch that failed now and then is safe in the end, once', async () => {
  await using bench = new FaultBench()
  await bench.keeper(v5, 'keeper', 'a/#')
  const publisher = await bench.connect(v5)
  await bench.safe()
  const batches = bench.tables.batches.length
  bench.tables.fail('EIO', 2)
  publisher.send(v5.publish({ topic: 'a/1', qos: 1, id: 1, payload: 'x' }))
  assert.deepEqual(types(await take(publisher, 1)), ['puback 1'])
  assert.equal(bench.tables.batches.length, batches + 1)
})
