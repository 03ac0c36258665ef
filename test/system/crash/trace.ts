import { readFile } from 'node:fs/promises'

// What a broker asked of the system, as strace wrote it down with -f -y -xx:
//
//     5827  pwrite64(22<\x2f\x73…>, "\x02\x00…", 8192, 4096) = 8192
//     5813  write(27<\x73\x6f\x63…>, "\x40\x02\x00\x07", 4 <unfinished ...>
//     5827  fdatasync(22<\x2f\x73…>) = 0 (DELAYED)
//     5813  <... write resumed>)   = 4
//
// The lines are the clock: a call on one line happened there, another began and ended on two lines. strace lets a
// process go on only after it has written the line, so what a call had to wait for stands above it.

interface Span {
  /** Lines of the trace. */
  readonly begun: number
  readonly ended: number
}

/** Bytes to a file. `lasting` says that the call returns only when they are on the disk. */
export interface FileWrite extends Span {
  readonly kind: 'write'
  /** Files are numbered: their names can change. */
  readonly file: number
  readonly offset: number
  readonly bytes: Buffer
  readonly lasting: boolean
}

/** All that was written to the file before is on the disk when the call returns. */
export interface FileSync extends Span {
  readonly kind: 'sync'
  readonly file: number
}

/** A file of the folder got a name, in place of another that had it, or lost its name, or both. */
export interface NameChange extends Span {
  readonly kind: 'name'
  readonly gained: string | null
  readonly lost: string | null
  readonly file: number
}

/** All changes of names in the folder before are on the disk when the call returns. */
export interface NameSync extends Span {
  readonly kind: 'names synced'
}

/** Bytes from or to the network. */
export interface Transfer extends Span {
  readonly kind: 'received' | 'sent'
  /** The name of the connection. */
  readonly socket: string
  readonly bytes: Buffer
}

export type TraceEvent = FileWrite | FileSync | NameChange | NameSync | Transfer

/** Reads what concerns the network and the files in a folder. Throws at what cannot be understood of these. */
export async function readTrace(file: string, folder: string): Promise<readonly TraceEvent[]> {
  const reader = new TraceReader(folder)
  const lines = (await readFile(file, 'latin1')).split('\n')
  for (const [index, line] of lines.entries()) reader.line(line, index)
  return reader.events.sort((one, other) => one.begun - other.begun)
}

interface Call extends Span {
  readonly name: string
  readonly given: string
  readonly result: number
  /** Of the first argument. */
  readonly descriptor: number
  readonly path: string
}

class TraceReader {
  readonly events: TraceEvent[] = []
  readonly #folder: string
  readonly #unfinished = new Map<string, { readonly text: string; readonly begun: number }>()
  readonly #files = new Map<string, number>()
  readonly #lasting = new Set<number>()
  readonly #positions = new Map<number, number>()
  #count = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  line(line: string, index: number): void {
    const [, thread = '', text = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    if (text.endsWith('<unfinished ...>')) {
      this.#unfinished.set(thread, { text: text.slice(0, -'<unfinished ...>'.length), begun: index })
      return
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(text)
    const start = resumed === null ? { text: '', begun: index } : this.#unfinished.get(thread)
    if (start !== undefined) this.#call(parseCall(start.text + (resumed?.[1] ?? text), start.begun, index))
  }

  #call(call: Call | null): void {
    if (call === null || call.result < 0) return
    if (call.name === 'openat') return this.#opened(call)
    if (/^(rename|unlink|link)/.test(call.name)) return this.#named(call)
    if (call.path.startsWith('socket:')) return this.#transferred(call)
    if (call.path === this.#folder) return this.#usedFolder(call)
    if (call.path.startsWith(`${this.#folder}/`)) this.#used(call)
  }

  #opened({ given, result, begun, ended }: Call): void {
    this.#positions.set(result, 0)
    this.#lasting.delete(result)
    if (/O_DSYNC|O_SYNC/.test(given)) this.#lasting.add(result)
    const [path = ''] = pathsIn(given)
    if (!path.startsWith(`${this.#folder}/`)) return
    const known = this.#files.get(path)
    if (known === undefined && /O_CREAT/.test(given))
      this.#name({ gained: path, lost: null, file: this.#count++, begun, ended })
    else if (/O_TRUNC|O_APPEND/.test(given)) throw new Error(`the trace has something new: ${given.slice(-60)} ${path}`)
  }

  #named({ name, given, begun, ended }: Call): void {
    const [path = '', to = ''] = pathsIn(given)
    const file = this.#files.get(path)
    if (file === undefined) return
    if (name.startsWith('link')) throw new Error(`the trace has something new: ${name} ${path} ${to}`)
    this.#name({ gained: name.startsWith('rename') ? to : null, lost: path, file, begun, ended })
  }

  #name(change: Omit<NameChange, 'kind'>): void {
    if (change.lost !== null) this.#files.delete(change.lost)
    if (change.gained !== null) this.#files.set(change.gained, change.file)
    this.events.push({ kind: 'name', ...change })
  }

  #usedFolder({ name, begun, ended }: Call): void {
    if (name === 'fsync' || name === 'fdatasync') this.events.push({ kind: 'names synced', begun, ended })
  }

  #transferred({ name, given, result, path: socket, begun, ended }: Call): void {
    if (/^(read|readv|recvfrom|recvmsg)$/.test(name))
      this.events.push({ kind: 'received', socket, bytes: bytesIn(given).subarray(0, result), begun, ended })
    if (/^(write|writev|sendto|sendmsg)$/.test(name))
      this.events.push({ kind: 'sent', socket, bytes: bytesIn(given).subarray(0, result), begun, ended })
  }

  #used(call: Call): void {
    const { name, given, result, descriptor, path, begun, ended } = call
    const file = this.#fileAt(path)
    switch (name) {
      case 'fdatasync':
      case 'fsync':
        this.events.push({ kind: 'sync', file, begun, ended })
        return
      case 'pwrite64':
      case 'pwritev':
        return this.#wrote(call, lastNumber(given))
      case 'write':
      case 'writev': {
        const position = this.#positions.get(descriptor) ?? 0
        this.#positions.set(descriptor, position + result)
        return this.#wrote(call, position)
      }
      case 'lseek':
        this.#positions.set(descriptor, result)
        return
      case 'ftruncate':
        this.events.push({
          kind: 'write',
          file,
          offset: lastNumber(given),
          bytes: Buffer.alloc(0),
          lasting: false,
          begun,
          ended,
        })
        return
      case 'mmap':
        if (/MAP_SHARED/.test(given) && /PROT_WRITE/.test(given) && !/lock/.test(path)) break
        return
      case 'read':
      case 'readv':
      case 'close':
        return
    }
    throw new Error(`the trace has something new: ${name} ${path}`)
  }

  /** One that was there before the trace began is numbered when it is used. */
  #fileAt(path: string): number {
    const file = this.#files.get(path) ?? this.#count++
    this.#files.set(path, file)
    return file
  }

  #wrote({ given, result, descriptor, path, begun, ended }: Call, offset: number): void {
    const file = this.#fileAt(path)
    const bytes = bytesIn(given).subarray(0, result)
    this.events.push({ kind: 'write', file, offset, bytes, lasting: this.#lasting.has(descriptor), begun, ended })
  }
}

function parseCall(text: string, begun: number, ended: number): Call | null {
  const equals = text.lastIndexOf(') ')
  const open = text.indexOf('(')
  const result = /^\) += (-?\d+|0x[0-9a-f]+)/.exec(text.slice(equals))?.[1]
  if (open < 0 || result === undefined) return null
  const given = text.slice(open + 1, equals).trimEnd()
  const [, descriptor, path = ''] = /^(\d+)<([^>]*)>/.exec(given.slice(0, 10_000)) ?? []
  const name = text.slice(0, open)
  const mapped = name === 'mmap' ? /(\d+)<([^>]*)>/.exec(given) : null
  return {
    name,
    given,
    result: Number(result),
    descriptor: Number(descriptor ?? mapped?.[1] ?? -1),
    path: decoded(mapped?.[2] ?? path),
    begun,
    ended,
  }
}

/** An offset or a length. */
function lastNumber(given: string): number {
  const number = Number(/, (\d+)$/.exec(given.slice(-40))?.[1])
  if (Number.isNaN(number)) throw new Error(`the trace has a call without a number: ${given.slice(-40)}`)
  return number
}

function pathsIn(given: string): readonly string[] {
  return [...given.matchAll(/"([^"]*)"/g)].map(([, text = '']) => decoded(text))
}

function decoded(text: string): string {
  return Buffer.from(text.replaceAll('\\x', ''), 'hex').toString()
}

/** All byte strings of the arguments, one after the other. */
function bytesIn(given: string): Buffer {
  const parts: Buffer[] = []
  for (let at = given.indexOf('"'); at >= 0; ) {
    const end = given.indexOf('"', at + 1)
    if (given.startsWith('...', end + 1)) throw new Error('the trace has cut off bytes')
    parts.push(Buffer.from(given.slice(at + 1, end).replaceAll('\\x', ''), 'hex'))
    at = given.indexOf('"', end + 1)
  }
  return Buffer.concat(parts)
}
