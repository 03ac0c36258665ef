import type { ReadStream } from 'node:tty'
import { Failure } from './failure.ts'

const maximumInput = 262_144

/** A password that somebody types twice without seeing it, or the first line of what another program writes. */
export async function readPassword(): Promise<string> {
  return process.stdin.isTTY ? typedTwice(process.stdin) : firstLine(process.stdin)
}

async function typedTwice(terminal: ReadStream): Promise<string> {
  const keys = new Keys(terminal)
  try {
    const password = await keys.line('Password: ')
    if (password !== (await keys.line('Again: '))) throw new Failure('the two passwords are not the same')
    return password
  } finally {
    keys.close()
  }
}

/** A second line, which programs write that are used to being asked twice, must be the same. */
async function firstLine(input: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of input) {
    if (!Buffer.isBuffer(chunk)) continue
    chunks.push(chunk)
    length += chunk.length
    if (length > maximumInput) throw new Failure('standard input: this is too long for a password')
  }
  const text = Buffer.concat(chunks).toString()
  if (text.includes('\ufffd')) throw new Failure('standard input: the password must be UTF-8 text')
  const [first = '', second = ''] = text.split(/\r?\n/)
  if (second !== '' && second !== first) throw new Failure('standard input: two lines that are not the same')
  return first
}

/** The keyboard of a terminal that shows nothing of what is typed. */
class Keys {
  readonly #terminal: ReadStream
  #typed: string[] = []
  #told: (() => void) | null = null
  readonly #take = (text: string) => {
    this.#typed.push(...text)
    this.#told?.()
  }

  constructor(terminal: ReadStream) {
    this.#terminal = terminal
    terminal.setRawMode(true)
    terminal.setEncoding('utf8')
    terminal.on('data', this.#take)
  }

  async line(prompt: string): Promise<string> {
    process.stderr.write(prompt)
    try {
      return await this.#line()
    } finally {
      process.stderr.write('\n')
    }
  }

  close(): void {
    this.#terminal.off('data', this.#take)
    this.#terminal.setRawMode(false)
    this.#terminal.pause()
  }

  async #line(): Promise<string> {
    const line: string[] = []
    for (;;) {
      const key = await this.#key()
      if (key === '\r' || key === '\n') return line.join('')
      if (key === '\u0003' || key === '\u0004') throw new Failure('nothing was changed', 130)
      if (key === '\u007f' || key === '\b') line.pop()
      else if (key === '\u0015') line.length = 0
      else line.push(key)
    }
  }

  async #key(): Promise<string> {
    for (;;) {
      const key = this.#typed.shift()
      if (key !== undefined) return key
      await new Promise<void>((resolve) => (this.#told = resolve))
    }
  }
}
