import { once } from 'node:events'
import { lstatSync } from 'node:fs'
import { link, rename, rm, unlink } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { BrokerError } from '../base/errors.ts'
import { askHolder, codeOf, lockPaths } from './store-holder.ts'

/**
 * Keeps a directory for one process: a socket in it on which the process listens. The system closes it when the process
 * ends, however that happens, so what a dead one left is known by nobody answering; and it works between containers that
 * share the directory, where process ids say nothing.
 *
 *     lock to whoever connects    process id, newline
 *     other to lock               `hold`, newline: keep what is in the file now, until I am gone
 *     lock to other               `held`, newline
 */
export class StoreLock {
  /** Keeps the state of the store, and later ones, in its file until what it returns is called; null when it cannot. */
  hold: (() => () => void) | null = null
  readonly #path: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #directory: string
  readonly #inode: number | null

  private constructor(directory: string, path: string, server: Server) {
    this.#directory = directory
    this.#path = path
    this.#inode = inodeOf(path)
    this.#server = server
    server.on('connection', (socket) => this.#serve(socket))
  }

  /** @throws BrokerError STORE_LOCKED when another process, or this one, has it. */
  static async take(directory: string): Promise<StoreLock> {
    const [first, second] = lockPaths(directory)
    try {
      return await StoreLock.#takeAt(first, directory)
    } catch (error) {
      if (second === undefined || !withoutSockets.has(codeOf(error))) throw error
      return await StoreLock.#takeAt(second, directory)
    }
  }

  static async #takeAt(path: string, directory: string): Promise<StoreLock> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const server = await listenAt(path)
      if (server !== null) return new StoreLock(directory, path, server)
      const before = inodeOf(path)
      const holder = await askHolder(path)
      if (holder !== null) throw locked(directory, holder)
      // What came in its place meanwhile was not asked.
      if (before !== null && inodeOf(path) === before) await removeStale(directory, path)
    }
    throw locked(directory, '')
  }

  async release(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    if (!isPipe) await rm(this.#path, { force: true })
    this.#server.close()
    await once(this.#server, 'close')
    // One who took it for stale may have put it back after it was removed.
    if (isPipe || this.#inode === null || inodeOf(this.#path) !== this.#inode) return
    await removeStale(this.#directory, this.#path).catch((error: unknown) => {
      if (!(error instanceof BrokerError)) throw error
    })
  }

  #serve(socket: Socket): void {
    let release: (() => void) | null = null
    this.#sockets.add(socket)
    socket.unref()
    socket.setTimeout(idle, () => socket.destroy())
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      if (!chunk.includes('hold\n')) return
      release ??= this.hold?.() ?? null
      if (release === null) return void socket.destroy()
      socket.setTimeout(longestHold)
      socket.write('held\n')
    })
    socket.on('close', () => {
      this.#sockets.delete(socket)
      release?.()
    })
    socket.write(`${process.pid}\n`)
  }
}

const attempts = 5
/** Milliseconds after which one who asks for nothing is sent away. */
const idle = 10_000
/** Milliseconds after which one who holds a state is taken for dead: the file grows all the while. */
const longestHold = 3_600_000

/** What a file system says that has no sockets. */
const withoutSockets = new Set(['EOPNOTSUPP', 'ENOTSUP', 'ENOSYS', 'EPERM', 'EINVAL'])

const isPipe = process.platform === 'win32'

/**
 * Null when there is such a socket already. One that is there but does not listen yet would be taken for that of a dead
 * process: so it is made under another name first.
 */
async function listenAt(path: string): Promise<Server | null> {
  if (isPipe) return await listen(path)
  for (let number = 1; ; number++) {
    const beside = `${path}-${process.pid}.${number}`
    const server = await listen(beside)
    if (server === null) continue
    try {
      await link(beside, path)
      return server
    } catch (error) {
      server.close()
      if (codeOf(error) === 'EEXIST') return null
      throw error
    } finally {
      await rm(beside, { force: true })
    }
  }
}

/** Null when there is such a socket already. */
async function listen(path: string): Promise<Server | null> {
  const server = createServer()
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

function inodeOf(path: string): number | null {
  return lstatSync(path, { throwIfNoEntry: false })?.ino ?? null
}

// Another process may do the same at the same time and be faster: what is moved away is asked once more.
async function removeStale(directory: string, path: string): Promise<void> {
  const aside = `${path}-${process.pid}`
  try {
    await rename(path, aside)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  const holder = await askHolder(aside)
  if (holder !== null) {
    await link(aside, path).catch(() => {})
    // Its holder may have released it meanwhile, and not found it.
    const released = (await askHolder(aside)) === null
    await unlink(aside)
    if (released) await removeStale(directory, path)
    throw locked(directory, holder)
  }
  await rm(aside, { recursive: true, force: true })
}

function locked(directory: string, holder: string): BrokerError {
  const who = holder === '' ? 'another process' : `process ${holder}`
  return new BrokerError('STORE_LOCKED', `the store ${directory} is in use by ${who}`)
}
