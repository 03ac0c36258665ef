import { readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { Failure, usageExitCode } from '../failure.ts'

/** Where `pub` finds what it publishes; exactly one is given. */
export interface PayloadSource {
  readonly message?: string
  readonly file?: string
  readonly stdinFile?: boolean
  readonly stdinLine?: boolean
  readonly nullMessage?: boolean
}

/** The longest payload an MQTT packet can carry, about. */
const maximumBytes = 268_435_455

/** The payloads to publish, one after the other. */
export function payloadsOf(source: PayloadSource, input: Readable): AsyncIterable<Buffer> | Iterable<Buffer> {
  const { message, file, stdinFile, stdinLine, nullMessage } = source
  const given = [message !== undefined, file !== undefined, stdinFile, stdinLine, nullMessage].filter(Boolean)
  if (given.length !== 1) throw new Failure('say what to publish with one of -m, -f, -s, -l and -n', usageExitCode)
  if (stdinLine) return linesOf(input)
  if (stdinFile) return wholeOf(input)
  return [file === undefined ? Buffer.from(message ?? '') : contentOf(file)]
}

function contentOf(file: string): Buffer {
  let content: Buffer
  try {
    content = readFileSync(file)
  } catch {
    throw new Failure(`${file}: cannot be read`)
  }
  if (content.length > maximumBytes) throw new Failure(`${file}: larger than 256 MiB`)
  return content
}

async function* wholeOf(input: Readable): AsyncIterable<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of bytesOf(input)) {
    length += chunk.length
    if (length > maximumBytes) throw new Failure('standard input: larger than 256 MiB')
    chunks.push(chunk)
  }
  yield Buffer.concat(chunks)
}

/** Lines without their ends, as bytes: a payload need not be text. */
async function* linesOf(input: Readable): AsyncIterable<Buffer> {
  let parts: Buffer[] = []
  let length = 0
  for await (const chunk of bytesOf(input)) {
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      yield withoutReturn(Buffer.concat([...parts, chunk.subarray(start, end)]))
      parts = []
      length = 0
      start = end + 1
    }
    parts.push(chunk.subarray(start))
    length += chunk.length - start
    if (length > maximumBytes) throw new Failure('standard input: a line is larger than 256 MiB')
  }
  if (length > 0) yield withoutReturn(Buffer.concat(parts))
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === 13 ? line.subarray(0, -1) : line
}

async function* bytesOf(input: Readable): AsyncIterable<Buffer> {
  for await (const chunk of input) {
    const bytes: unknown = chunk
    yield Buffer.isBuffer(bytes) ? bytes : Buffer.from(String(bytes))
  }
}
