import { deepEqual } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readTextFile } from '../../../src/base/text-file.ts'

async function place(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'petaltail-text-'))
  t.after(() => rm(directory, { recursive: true }))
  return join(directory, 'file')
}

test('a text comes without its byte order mark, and with everything else', async (t) => {
  const path = await place(t)
  await writeFile(path, '\ufeffä\r\n\0')
  deepEqual(await readTextFile(path, 100), { text: 'ä\r\n\0' })
})

test('what is no file, no text or too large is said', async (t) => {
  const path = await place(t)
  deepEqual(await readTextFile(path, 100), { problem: 'unreadable', cause: 'there is no such file' })
  deepEqual(await readTextFile(tmpdir(), 100), {
    problem: 'unreadable',
    cause: 'this is a directory, not a file',
  })
  await writeFile(path, Buffer.from([0xff, 0xfe]))
  deepEqual(await readTextFile(path, 100), { problem: 'unusable', cause: 'the file is not UTF-8 text' })
  await writeFile(path, 'x'.repeat(1_048_577))
  deepEqual(await readTextFile(path, 1_048_576), { problem: 'unusable', cause: 'the file is larger than 1 MiB' })
})

test('a pipe nobody writes into is not waited for', async (t) => {
  const path = await place(t)
  execFileSync('/usr/bin/mkfifo', [path])
  deepEqual(await readTextFile(path, 100), { problem: 'unreadable', cause: 'this is not a file' })
})
