import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { v4, v5 } from '../kit/packets.ts'
import { called, change, dialects, openSite } from './access-kit.ts'
import { notAuthorized } from './identity-kit.ts'

// Rules that change while clients are at work.
for (const dialect of dialects) {
  describe(dialect.name, () => {
    test('a client that publishes all the time sees one switch: everything before it arrives, nothing after', async () => {
      const both = ['one', 'two'].map((filter) => ({ user: 'ann', access: 'write', filter }) as const)
      const reader = { user: 'bob', access: 'read', filter: '+' } as const
      await using site = await openSite(dialect, dialect.text([...both, reader]))
      const bob = await site.join(called('bob'))
      await bob.subscribe('+')
      const ann = await site.join(called('ann'))
      const codes: number[] = []
      let changing: Promise<void> | null = null
      for (let count = 0; codes.at(-1) !== notAuthorized || codes.length < 600; count += 10) {
        const sent = Array.from({ length: 10 }, (_, index) =>
          v5.publish({ topic: index % 2 === 0 ? 'one' : 'two', qos: 1, id: index + 1, payload: String(count + index) }),
        )
        ann.send(...sent)
        if (count === 200) changing = change(site, dialect, dialect.text([reader]))
        for (let index = 1; index <= 10; index++) codes.push((await ann.expect('puback', { id: index })).code)
      }
      await changing
      const switches = codes.filter((code, index) => index > 0 && code !== codes[index - 1]).length
      assert.equal(switches, 1)
      const got = await bob.drain()
      const payloads = got.map((packet) => packet.type === 'publish' && String(packet.payload))
      assert.deepEqual(
        payloads,
        codes.flatMap((code, index) => (code === 0 ? [String(index)] : [])),
      )
    })

    test('a file with mistakes, while everybody is at work, is no switch at all', async () => {
      const rules = dialect.text([{ user: 'ann', access: 'readwrite', filter: 'one' }])
      await using site = await openSite(dialect, rules)
      const ann = await site.join(called('ann'), { packets: v4 })
      await ann.subscribe('one')
      for (const text of [
        dialect.broken,
        '\0',
        '{',
        'x'.repeat(100_000),
        '\ufffe',
        `${rules}\n\t\t:::`,
        '__proto__: 1\n',
      ]) {
        const from = site.log.length
        site.write(dialect.file, text)
        site.reload()
        const { problem, msg } = await site.logged(
          ({ level, msg }) => level >= 50 || msg === 'access rules reloaded',
          from,
        )
        assert.equal(
          msg,
          'access rules cannot be used: what they said before stays in force',
          JSON.stringify(text.slice(0, 20)),
        )
        assert.ok(String(problem).length < 5_000)
        ann.send(v4.publish({ topic: 'one', payload: 'here' }))
        await ann.expect('publish', { payload: 'here' })
      }
    })
  })
}
