import type { Socket } from 'node:net'

const nothing = Buffer.alloc(0)
const smallest = 128

/** What one connection has to send, gathered in one buffer that is used again after each complete write. */
export class Output {
  bytes: Buffer = nothing
  #length = 0
  #blocked = false

  /** Makes room for `size` bytes and returns where in `bytes` they go. */
  reserve(size: number): number {
    const at = this.#length
    if (at + size > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(smallest, this.bytes.length * 2, at + size))
      this.bytes.copy(larger, 0, 0, at)
      this.bytes = larger
    }
    this.#length = at + size
    return at
  }

  flush(socket: Socket): void {
    if (this.#blocked || this.#length === 0 || socket.destroyed) return
    socket.write(this.bytes.subarray(0, this.#length))
    this.#length = 0
    if (socket.writableLength === 0) return
    // The socket keeps the buffer until the kernel takes it; what comes meanwhile gathers in another one.
    this.bytes = nothing
    this.#blocked = true
    socket.write(nothing, () => {
      this.#blocked = false
      this.flush(socket)
    })
  }
}
