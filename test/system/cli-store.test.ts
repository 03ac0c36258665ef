import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Folder, type Program, petaltail, run } from './cli-kit.ts'

/** A broker on a store, with one retained message and one queued. */
async function brokerOn(store: string): Promise<{ readonly program: Program; readonly url: string }> {
  const program = petaltail(['start', '--listen', 'mqtt://127.0.0.1:0', '--store', store], { timeout: 0 })
  const [, url] = await program.prints(/(mqtt:\/\/127\.0\.0\.1:\d+)/)
  return { program, url }
}

async function publish(url: string, topic: string, ...options: string[]): Promise<void> {
  const { code, stderr } = await run(['pub', '-L', `${url}/${topic}`, '-q', '1', ...options])
  assert.equal(code, 0, stderr)
}

async function sleeper(url: string): Promise<void> {
  const { code, stderr } = await run(['sub', '-L', `${url}/work`, '-q', '1', '-i', 'sleeper', '-c', '-E'])
  assert.equal(code, 0, stderr)
}

async function store(...given: string[]): Promise<{ code: number | null; text: string; stderr: string }> {
  return await run(['store', ...given])
}

test('a store is described, checked and backed up while the broker runs, and a backup brings it back', async () => {
  await using folder = await Folder.open()
  const data = join(folder.path, 'data')
  const backup = join(folder.path, 'backup')
  {
    const { program, url } = await brokerOn(data)
    await using _ = program
    await sleeper(url)
    await publish(url, 'lamp', '-r', '-m', 'on')
    for (let each = 0; each < 3; each++) await publish(url, 'work', '-m', `job ${each}`)

    const stats = await store('stats', '--store', data)
    assert.equal(stats.code, 0, stats.stderr)
    assert.match(stats.text, /^state +open in process \d+$/m)
    assert.match(stats.text, /^layout +1$/m)
    assert.match(stats.text, /^last commit +20\d\d-\S+Z, number \d+$/m)
    assert.match(stats.text, /^sessions +1$/m)
    assert.match(stats.text, /^queued messages +3$/m)
    assert.match(stats.text, /^retained messages +1$/m)

    const check = await store('check', '--store', data)
    assert.deepEqual([check.code, check.stderr], [0, ''])
    assert.match(check.text, /: ok\n/)

    const copied = await store('backup', backup, '--store', data)
    assert.deepEqual([copied.code, copied.stderr], [0, ''])
    assert.equal(statSync(join(backup, 'data.mdb')).mode & 0o777, 0o600)
    assert.equal(statSync(backup).mode & 0o777, 0o700)

    for (const given of [['compact'], ['restore', backup, '--force']]) {
      const refused = await store(...given, '--store', data)
      assert.equal(refused.code, 1)
      assert.match(refused.stderr, /^petaltail: the store .* is in use by process \d+\n$/)
    }
    await publish(url, 'lamp', '-r', '-m', 'off')
    program.signal('SIGTERM')
    await program.ended
  }

  const refused = await store('restore', backup, '--store', data)
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /--force/)
  const restored = await store('restore', backup, '--store', data, '--force')
  assert.deepEqual([restored.code, restored.stderr], [0, ''])
  const [replaced] = readdirSync(data).filter((name) => name.startsWith('replaced-'))
  assert.ok(replaced !== undefined)
  assert.ok(statSync(join(data, replaced, 'data.mdb')).isFile())

  const { program, url } = await brokerOn(data)
  await using _ = program
  const lamp = await run(['sub', '-L', `${url}/lamp`, '-C', '1', '-W', '20'])
  assert.equal(lamp.text, 'on\n')
  const work = await run(['sub', '-L', `${url}/work`, '-q', '1', '-i', 'sleeper', '-c', '-C', '3', '-W', '20'])
  assert.equal(work.text, 'job 0\njob 1\njob 2\n')
})

test('a store is compacted while no broker runs', async () => {
  await using folder = await Folder.open()
  const data = join(folder.path, 'data')
  {
    const { program, url } = await brokerOn(data)
    await using _ = program
    await publish(url, 'big', '-r', '-m', 'x'.repeat(100_000))
    await publish(url, 'big', '-r', '-m', 'small')
    program.signal('SIGTERM')
    await program.ended
  }
  const before = statSync(join(data, 'data.mdb')).size
  const { code, text, stderr } = await store('compact', '--store', data)
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(text, /: [\d.]+ KiB before, [\d.]+ KiB now\n$/)
  const path = join(data, 'data.mdb')
  assert.ok(statSync(path).size < before)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  const stats = await store('stats', '--store', data)
  assert.match(stats.text, /^state +closed$/m)
  assert.match(stats.text, /^retained messages +1$/m)
})

test('a damaged store is told of, entry by entry, and neither copied nor compacted', async () => {
  await using folder = await Folder.open()
  const data = join(folder.path, 'data')
  {
    const { program, url } = await brokerOn(data)
    await using _ = program
    await publish(url, 'lamp', '-r', '-m', 'brightly')
    program.signal('SIGTERM')
    await program.ended
  }
  const path = join(data, 'data.mdb')
  const bytes = readFileSync(path)
  for (let at = bytes.indexOf('brightly'); at >= 0; at = bytes.indexOf('brightly', at + 1)) bytes.write('brightlx', at)
  writeFileSync(path, bytes)

  const check = await store('check', '--store', data)
  assert.equal(check.code, 1)
  assert.match(check.text, /: damaged\n/)
  assert.match(check.text, /^ {2}retained +0 +0 B {2}1 missing$/m)
  assert.match(check.stderr, /^petaltail: retained: the entry 6c616d70 is not as it was written$/m)
  for (const given of [['compact'], ['backup', join(folder.path, 'backup')]]) {
    const { code, stderr } = await store(...given, '--store', data)
    assert.equal(code, 1)
    assert.match(stderr, /^petaltail: the store .* is damaged: retained: [^\n]+\n$/)
  }
  assert.ok(readFileSync(path).equals(bytes))
  const back = await store('restore', data, '--store', join(folder.path, 'other'))
  assert.equal(back.code, 1)
  assert.match(back.stderr, /is damaged/)
})

test('what is not there is told in one line', async () => {
  await using folder = await Folder.open()
  const nothing = join(folder.path, 'nothing')
  for (const given of [['check'], ['stats'], ['compact'], ['backup', join(folder.path, 'backup')]]) {
    const { code, stderr } = await store(...given, '--store', nothing)
    assert.deepEqual([code, stderr], [1, `petaltail: there is no store in ${nothing}\n`])
  }
  const { code, stderr } = await store('restore', nothing, '--store', join(folder.path, 'data'))
  assert.deepEqual([code, stderr], [1, `petaltail: there is no backup in ${nothing}\n`])
  assert.deepEqual(readdirSync(folder.path), [])
})
