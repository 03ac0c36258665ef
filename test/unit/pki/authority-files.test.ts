import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { exclusively } from '../../../src/pki/authority/authority-lock.ts'
import {
  finishReplacing,
  isReplacing,
  replaceTogether,
  writeDurably,
} from '../../../src/pki/authority/durable-files.ts'
import { Place } from './authority-kit.ts'

const modeOf = (path: string) => statSync(path).mode & 0o777

test('a file is replaced as a whole, with the mode that is asked for whatever the process masks out', async () => {
  using place = new Place()
  const before = process.umask(0o077)
  try {
    await writeDurably(place.at('public'), 'one', 0o644)
    await writeDurably(place.at('public'), 'two', 0o644)
    process.umask(0)
    await writeDurably(place.at('key'), 'secret', 0o600)
  } finally {
    process.umask(before)
  }
  assert.equal(readFileSync(place.at('public'), 'utf8'), 'two')
  assert.deepEqual([modeOf(place.at('public')), modeOf(place.at('key'))], [0o644, 0o600])
  assert.deepEqual(readdirSync(place.path).toSorted(), ['key', 'public'])
})

test('a file that cannot be written leaves nothing behind', async () => {
  using place = new Place()
  mkdirSync(place.at('folder', 'x'), { recursive: true })
  await assert.rejects(writeDurably(place.at('folder'), 'one', 0o644))
  assert.deepEqual(readdirSync(place.path), ['folder'])
})

const change = [
  { name: 'a', contents: 'new a', mode: 0o644 },
  { name: 'b.key', contents: Buffer.from('new b'), mode: 0o600 },
  { name: 'c', contents: null, mode: 0o644 },
]

const begin = (place: Place): void => {
  for (const name of ['a', 'b.key', 'c']) place.write(name, `old ${name}`)
}

const isNew = (place: Place): void => {
  assert.equal(readFileSync(place.at('a'), 'utf8'), 'new a')
  assert.equal(readFileSync(place.at('b.key'), 'utf8'), 'new b')
  assert.equal(modeOf(place.at('b.key')), 0o600)
  assert.equal(existsSync(place.at('c')), false)
  assert.deepEqual(readdirSync(place.path).toSorted(), ['a', 'b.key'])
}

test('several files change together', async () => {
  using place = new Place()
  begin(place)
  await replaceTogether(place.path, change)
  isNew(place)
})

test('a change that was decided is finished by the next process, however far the first one came', async () => {
  for (const moved of [[], ['0'], ['0', '1']]) {
    using place = new Place()
    begin(place)
    mkdirSync(place.at('.next'))
    writeFileSync(place.at('.next', '0'), 'new a')
    writeFileSync(place.at('.next', '1'), 'new b', { mode: 0o600 })
    const list = change.map(({ name, contents }) => ({ name, goes: contents === null }))
    writeFileSync(place.at('.next', 'files.json'), JSON.stringify(list))
    for (const name of moved) renameSync(place.at('.next', name), place.at(name === '0' ? 'a' : 'b.key'))
    assert.equal(isReplacing(place.path), true)
    await finishReplacing(place.path)
    isNew(place)
  }
})

test('a change that was not decided is forgotten', async () => {
  using place = new Place()
  begin(place)
  mkdirSync(place.at('.writing'))
  writeFileSync(place.at('.writing', '0'), 'half')
  assert.equal(isReplacing(place.path), false)
  await replaceTogether(place.path, change)
  isNew(place)
})

test('work in one directory is done one after the other', async () => {
  using place = new Place()
  let inside = 0
  const order: number[] = []
  const work = (number: number) =>
    exclusively(place.path, async () => {
      assert.equal(++inside, 1)
      await new Promise((resolve) => setImmediate(resolve))
      order.push(number)
      inside--
    })
  await Promise.all(Array.from({ length: 20 }, (_, number) => work(number)))
  assert.deepEqual(
    order.toSorted((a, b) => a - b),
    Array.from({ length: 20 }, (_, number) => number),
  )
  assert.deepEqual(readdirSync(place.path), ['lock'])
})

test('work that fails lets go of the directory', async () => {
  using place = new Place()
  await assert.rejects(
    exclusively(place.path, () => Promise.reject(new Error('no'))),
    /no/,
  )
  assert.equal(await exclusively(place.path, () => Promise.resolve(1)), 1)
})

test('another process is waited for, and one that is killed in its work stops nobody', async () => {
  using place = new Place()
  const module = new URL('../../../src/pki/authority/authority-lock.ts', import.meta.url).href
  const script = `import { exclusively } from ${JSON.stringify(module)}
    await exclusively(process.argv[1], async () => {
      console.log('working')
      await new Promise((resolve) => setTimeout(resolve, 600_000))
    })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, place.path])
  try {
    await once(child.stdout, 'data')
    let isMine = false
    const mine = exclusively(place.path, () => Promise.resolve((isMine = true)))
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(isMine, false)
    child.kill('SIGKILL')
    assert.equal(await mine, true)
  } finally {
    child.kill('SIGKILL')
  }
})
