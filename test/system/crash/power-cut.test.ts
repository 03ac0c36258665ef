import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { Random } from '../../fuzz/random.ts'
import { Folder } from '../cli-kit.ts'
import { imageOf, isSafe, type Luck, leave } from './power-cut.ts'
import type { FileSync, FileWrite, TraceEvent } from './trace.ts'

function write(offset: number, text: string, length: number, begun: number, ended = begun, lasting = false): FileWrite {
  return { kind: 'write', file: 1, offset, bytes: Buffer.alloc(length, text), lasting, begun, ended }
}

function sync(begun: number, ended: number): FileSync {
  return { kind: 'sync', file: 1, begun, ended }
}

/** The first letter of each sector of the image. */
function lettersOf(writes: readonly FileWrite[], safe: readonly boolean[], luck: Luck, seed = 1): string {
  const image = imageOf(writes, safe, luck, new Random(seed))
  return Array.from({ length: Math.ceil(image.length / 512) }, (_, at) => String.fromCharCode(image[at * 512])).join('')
}

test('a write is safe when a sync of its file that began later has returned', () => {
  const one = write(0, 'a', 512, 1, 3)
  assert.equal(isSafe(one, [sync(4, 6)], 7), true)
  assert.equal(isSafe(one, [sync(4, 6)], 6), false)
  assert.equal(isSafe(one, [sync(2, 6)], 7), false)
  assert.equal(isSafe(one, [{ ...sync(4, 6), file: 2 }], 7), false)
})

test('a write through a descriptor that syncs is safe when it has returned', () => {
  const one = write(0, 'a', 512, 1, 3, true)
  assert.equal(isSafe(one, [], 3), false)
  assert.equal(isSafe(one, [], 4), true)
})

test('nothing that was not synced is there, or everything is', () => {
  const writes = [write(0, 'a', 2_048, 1), write(1_024, 'b', 2_048, 2)]
  assert.equal(lettersOf(writes, [true, false], 'nothing'), 'aaaa')
  assert.equal(lettersOf(writes, [true, false], 'everything'), 'aabbbb')
  assert.equal(lettersOf(writes, [false, false], 'nothing'), '')
})

test('what is safe is there with what was written below it before', () => {
  const writes = [write(0, 'a', 1_024, 1), write(100, 'b', 10, 2)]
  const image = imageOf(writes, [false, true], 'nothing', new Random(1))
  assert.equal(image.toString('latin1'), `${'a'.repeat(100)}${'b'.repeat(10)}${'a'.repeat(402)}`)
})

test('of each write its beginning is there, of each sector the old or the new, of each write all or nothing', () => {
  const writes = [write(0, 'a', 4_096, 1), write(0, 'b', 4_096, 2)]
  const seen = (luck: Luck) =>
    new Set(Array.from({ length: 40 }, (_, seed) => lettersOf(writes, [true, false], luck, seed)))
  for (const letters of seen('beginnings')) assert.match(letters, /^b*a*$/)
  for (const letters of seen('some sectors')) assert.match(letters, /^[ab]{8}$/)
  assert.deepEqual([seen('beginnings').size, seen('some writes').size, seen('some sectors').size > 20], [9, 2, true])
})

test('a name that was not synced may be there or not, one that was is', async () => {
  await using home = await Folder.open()
  const events: readonly TraceEvent[] = [
    { kind: 'name', gained: '/store/new', lost: null, file: 1, begun: 1, ended: 1 },
    write(0, 'a', 600, 2),
    sync(3, 3),
    { kind: 'name', gained: '/store/data', lost: '/store/new', file: 1, begun: 4, ended: 4 },
    { kind: 'names synced', begun: 5, ended: 5 },
    { kind: 'name', gained: '/store/mark', lost: null, file: 2, begun: 6, ended: 6 },
  ]
  const left = async (line: number, luck: Luck) => {
    const folder = join(home.path, `${line} ${luck}`)
    await leave(events, line, luck, new Random(1), folder)
    return (await readdir(folder)).join()
  }
  assert.deepEqual([await left(5, 'nothing'), await left(5, 'everything')], ['', 'data'])
  assert.deepEqual([await left(9, 'nothing'), await left(9, 'everything')], ['data', 'data,mark'])
})
