import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { realpathSync } from 'node:fs'
import { link, rename, rm, unlink } from 'node:fs/promises'
import { createConnection, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BrokerError } from '../base/errors.ts'

/**
 * Keeps a directory for one process: a socket in it on which the process listens. The system closes it when the process
 * ends, however that happens, so what a dead one left is known by nobody answering; and it works between containers that
 * share the directory, where process ids say nothing. Whoever connects is told the process id.
 */
export class StoreLock {
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  /** The id of the process that has the lock, empty when it does not say; null when nobody has it. */
  static async holder(directory: string): Promise<string | null> {
    for (const path of socketPaths(directory)) {
      const holder = await ask(path)
      if (holder !== null) return holder
    }
    return null
  }

  /** @throws BrokerError STORE_LOCKED when another process, or this one, has it. */
  static async take(directory: string): Promise<StoreLock> {
    const [first, second] = socketPaths(directory)
    try {
      return await StoreLock.#takeAt(first, directory)
    } catch (error) {
      if (second === undefined || !withoutSockets.has(codeOf(error))) throw error
      return await StoreLock.#takeAt(second, directory)
    }
  }

  static async #takeAt(path: string, directory: string): Promise<StoreLock> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const server = await listen(path)
      if (server !== null) return new StoreLock(server)
      const holder = await ask(path)
      if (holder !== null) throw locked(directory, holder)
      await removeStale(directory, path)
    }
    throw locked(directory, '')
  }

  async release(): Promise<void> {
    this.#server.close()
    await once(this.#server, 'close')
  }
}

const attempts = 5
/** Bytes a path of a socket may have on every system. */
const longest = 100

/** What a file system says that has no sockets. */
const withoutSockets = new Set(['EOPNOTSUPP', 'ENOTSUP', 'ENOSYS', 'EPERM', 'EINVAL'])

/** Where the socket may be; the second is for directories that are no place for one. */
function socketPaths(directory: string): readonly string[] {
  const real = realpathSync(directory)
  const name = `petaltail-${createHash('sha256').update(real).digest('hex').slice(0, 32)}`
  if (process.platform === 'win32') return [`\\\\.\\pipe\\${name}`]
  const path = join(real, 'lock')
  const elsewhere = join(tmpdir(), name)
  return Buffer.byteLength(path) <= longest ? [path, elsewhere] : [elsewhere]
}

/** Null when there is such a socket already. */
async function listen(path: string): Promise<Server | null> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.end(`${process.pid}\n`)
  })
  server.unref()
  try {
    server.listen(path)
    await once(server, 'listening')
    return server
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE') return null
    throw error
  }
}

/** The process id of whoever listens, empty when it does not say; null when nobody does. */
async function ask(path: string): Promise<string | null> {
  const socket = createConnection(path)
  let text = ''
  socket.on('data', (chunk) => (text += String(chunk)))
  const timer = setTimeout(() => socket.destroy(), patience)
  try {
    await once(socket, 'connect')
    await once(socket, 'close')
    return /^\d+/.exec(text)?.[0] ?? ''
  } catch (error) {
    if (['ECONNREFUSED', 'ENOENT', 'ENOTSOCK'].includes(codeOf(error))) return null
    return ''
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
}

/** Milliseconds for a busy process to say who it is. */
const patience = 1_000

// Another process may do the same at the same time and be faster: what is moved away is asked once more.
async function removeStale(directory: string, path: string): Promise<void> {
  const aside = `${path}-${process.pid}`
  try {
    await rename(path, aside)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  const holder = await ask(aside)
  if (holder !== null) {
    await link(aside, path).catch(() => {})
    await unlink(aside)
    throw locked(directory, holder)
  }
  await rm(aside, { recursive: true, force: true })
}

function locked(directory: string, holder: string): BrokerError {
  const who = holder === '' ? 'another process' : `process ${holder}`
  return new BrokerError('STORE_LOCKED', `the store ${directory} is in use by ${who}`)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
