import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { realpathSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BrokerError } from '../base/errors.ts'

/** Bytes the path may have, so that those of sockets beside it have no more than every system allows. */
const longest = 88
/** Milliseconds for a busy process to say who it is. */
const patience = 1_000
/** Milliseconds for it to keep a state. */
const longPatience = 30_000

/** Where the socket of a store's lock may be; the second is for directories that are no place for one. */
export function lockPaths(directory: string): readonly string[] {
  const real = realpathSync(directory)
  const name = `petaltail-${createHash('sha256').update(real).digest('hex').slice(0, 32)}`
  if (process.platform === 'win32') return [`\\\\.\\pipe\\${name}`]
  const path = join(real, 'lock')
  const elsewhere = join(tmpdir(), name)
  return Buffer.byteLength(path) <= longest ? [path, elsewhere] : [elsewhere]
}

/** The id of the process that has the lock at `path`, empty when it does not say; null when nobody has it. */
export async function askHolder(path: string): Promise<string | null> {
  const socket = await reach(path)
  if (socket === null) return null
  try {
    return (await answer(socket, /^(\d+)\n/, patience)) ?? ''
  } finally {
    socket.destroy()
  }
}

/** The id of the process that has a store, empty when it does not say; null when none has. */
export async function holderOf(directory: string): Promise<string | null> {
  for (const path of lockPaths(directory)) {
    const holder = await askHolder(path)
    if (holder !== null) return holder
  }
  return null
}

/**
 * Reads the file of a store that a process has open. Nothing that belongs to the state of the beginning, or to a later
 * one, is changed in the file until `work` is done.
 *
 * @throws BrokerError STORE_UNUSABLE when the process does not answer, or ends meanwhile.
 */
export async function beside<T>(directory: string, work: () => Promise<T>): Promise<T> {
  for (const path of lockPaths(directory)) {
    const socket = await reach(path)
    if (socket === null) continue
    try {
      await hold(socket, directory)
      const result = await work()
      await hold(socket, directory)
      return result
    } finally {
      socket.destroy()
    }
  }
  throw gone(directory)
}

async function hold(socket: Socket, directory: string): Promise<void> {
  if (socket.writable) socket.write('hold\n')
  if ((await answer(socket, /(held)\n/, longPatience)) === null) throw gone(directory)
}

function gone(directory: string): BrokerError {
  return new BrokerError('STORE_UNUSABLE', `the process that has the store ${directory} ended, or is busy: try again`)
}

/** Null when nobody listens there, or whoever did stopped just now. */
async function reach(path: string): Promise<Socket | null> {
  const socket = createConnection(path)
  try {
    await once(socket, 'connect')
    socket.on('error', () => {})
    return socket
  } catch (error) {
    socket.destroy()
    if (['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'ENOTSOCK'].includes(codeOf(error))) return null
    throw error
  }
}

/** What the pattern captures in what comes; null when it does not come. */
async function answer(socket: Socket, pattern: RegExp, milliseconds: number): Promise<string | null> {
  let text = ''
  return await new Promise((resolve) => {
    const end = (result: string | null): void => {
      clearTimeout(timer)
      socket.off('data', read)
      socket.off('close', fail)
      resolve(result)
    }
    const fail = (): void => end(null)
    const read = (chunk: Buffer): void => {
      text += chunk.toString()
      const match = pattern.exec(text)
      if (match !== null) end(match[1])
    }
    const timer = setTimeout(fail, milliseconds)
    socket.on('data', read)
    socket.on('close', fail)
    if (socket.destroyed) fail()
  })
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
