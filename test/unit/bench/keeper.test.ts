import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { isNews } from '../../../src/cli/bench/keeper-messages.ts'

// A broker that does not end when it is asked to in a friendly way would be ended by force after five seconds.
const program = `
  process.on('SIGINT', () => {})
  console.log(process.argv[1])
  setInterval(() => {}, 1000)
`

interface Kept {
  readonly pid: number
  readonly file: string
  release(): void
  crash(): void
}

function keep(): Promise<Kept> {
  const keeper = fork(new URL('../../../src/cli/bench/keeper.ts', import.meta.url))
  keeper.send({
    command: process.execPath,
    args: ['-e', program, '{folder}/some.conf'],
    files: { 'some.conf': '{folder}' },
  })
  let pid = 0
  return new Promise((resolve) => {
    keeper.on('message', (news) => {
      if (!isNews(news)) return
      if (news.kind === 'started') pid = news.pid
      const release = (): void => keeper.disconnect()
      const crash = (): void => void process.kill(pid, 'SIGKILL')
      if (news.kind === 'line') resolve({ pid, file: news.line, release, crash })
    })
  })
}

async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('a kept broker and its files go when the channel to the bench closes, however it closes', async () => {
  const { pid, file, release } = await keep()
  assert.equal(readFileSync(file, 'utf8'), dirname(file))
  release()
  await gone(pid)
  while (existsSync(dirname(file))) await new Promise((resolve) => setTimeout(resolve, 20))
})

test('the files go when the broker ends by itself', async () => {
  const { pid, file, crash } = await keep()
  crash()
  await gone(pid)
  while (existsSync(dirname(file))) await new Promise((resolve) => setTimeout(resolve, 20))
})
