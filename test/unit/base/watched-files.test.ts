import { deepEqual, equal } from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { WatchedFiles } from '../../../src/base/watched-files.ts'

async function folder(t: TestContext): Promise<{ files: WatchedFiles; path: (name: string) => string }> {
  const directory = await mkdtemp(join(tmpdir(), 'petaltail-watched-'))
  const files = new WatchedFiles()
  t.after(async () => {
    files.close()
    await rm(directory, { recursive: true })
  })
  return { files, path: (name) => join(directory, name) }
}

/** Resolves each time a file was told of. */
function told(files: WatchedFiles, path: string) {
  let tell = () => {}
  const stop = files.add(path, () => tell())
  return { next: () => new Promise<void>((resolve) => (tell = resolve)), stop }
}

test('a file is told of when it appears, changes, is replaced and goes', async (t) => {
  const { files, path } = await folder(t)
  const { next } = told(files, path('a'))
  const steps = [
    () => writeFile(path('a'), 'one'),
    () => writeFile(path('a'), 'two'),
    async () => {
      await writeFile(path('b'), 'six')
      await rename(path('b'), path('a'))
    },
    () => rm(path('a')),
  ]
  for (const step of steps) {
    const change = next()
    await step()
    await change
  }
})

test('a change right after the watch began is told of', async (t) => {
  const { files, path } = await folder(t)
  writeFileSync(path('a'), 'one')
  const change = told(files, path('a')).next()
  writeFileSync(path('a'), 'two')
  await change
})

test('all who watch a file are told, and only as long as they do', async (t) => {
  const { files, path } = await folder(t)
  const calls: string[] = []
  const stop = files.add(path('a'), () => calls.push('first'))
  files.add(path('a'), () => calls.push('second'))
  files.add(path('b'), () => calls.push('third'))
  files.reload()
  stop()
  stop()
  files.reload()
  deepEqual(calls, ['first', 'second', 'third', 'second', 'third'])
  files.close()
  files.reload()
  equal(calls.length, 5)
})

test('many may watch one file without a word from Node', async (t) => {
  const { files, path } = await folder(t)
  const warnings: Error[] = []
  const warn = (warning: Error) => warnings.push(warning)
  process.on('warning', warn)
  t.after(() => process.off('warning', warn))
  for (let count = 0; count < 20; count++) files.add(path('a'), () => {})
  await new Promise((resolve) => setImmediate(resolve))
  deepEqual(warnings, [])
})

test('files that changed together are told of in one turn', async (t) => {
  const { files, path } = await folder(t)
  const turns: number[] = []
  let turn = 0
  const change = new Promise<void>((resolve) => {
    for (const name of ['a', 'b', 'c'])
      files.add(path(name), () => {
        turns.push(turn)
        queueMicrotask(() => turn++)
        if (turns.length === 3) resolve()
      })
  })
  for (const name of ['a', 'b', 'c']) writeFileSync(path(name), name)
  await change
  deepEqual(turns, [0, 0, 0])
})
