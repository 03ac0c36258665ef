import { threadId } from 'node:worker_threads'
import { Link, type LinkOwner } from './link.ts'
import { sleep } from './time.ts'

const openAtOnce = 64

/** What a scenario does with what its links receive. */
export interface Traffic {
  message(link: Link, bytes: Buffer, payload: number, end: number, header: number): void
  acknowledged(link: Link): void
  granted(accepted: number, refused: number): void
  ponged(): void
  /** Called once a turn for every link marked by `want`. */
  refill(link: Link): void
}

/** A traffic that takes no notice of anything: the base of those that notice only some things. */
export class Silence implements Traffic {
  message(_link: Link, _bytes: Buffer, _payload: number, _end: number, _header: number): void {}
  acknowledged(_link: Link): void {}
  granted(_accepted: number, _refused: number): void {}
  ponged(): void {}
  refill(_link: Link): void {}
}

/**
 * The links of one thread. At the end of each turn that received something, the marked links are refilled and
 * everything leaves in one write a link.
 */
export class Fleet implements LinkOwner {
  readonly host: string
  readonly port: number
  readonly links: readonly Link[]
  traffic: Traffic = new Silence()
  /**
   * Milliseconds the thread waits before it reads on, so that input gathers. Without it a broker that writes each message
   * by itself wakes the generator for each and pays for the wake-ups, up to half of what it is measured to cost.
   */
  pause = 0
  /** Connections that ended while in use, and the reason of the first. */
  disconnects = 0
  firstDisconnect = ''
  #dirty: Link[] = []
  #wanted: Link[] = []
  #scheduled = false

  constructor(host: string, port: number, count: number) {
    this.host = host
    this.port = port
    this.links = Array.from(
      { length: count },
      (_, index) => new Link(this, index, `b${process.pid}-${threadId}-${index}`),
    )
  }

  /** Opens the links [from, to); rejects when one of them cannot be set up. */
  async open(from: number, to: number): Promise<void> {
    let next = from
    const oneAfterAnother = async (): Promise<void> => {
      while (next < to) await this.links[next++]!.open()
    }
    await Promise.all(Array.from({ length: openAtOnce }, oneAfterAnother))
  }

  destroy(): void {
    for (const link of this.links) link.destroy()
  }

  want(link: Link): void {
    if (link.isWanted) return
    link.isWanted = true
    this.#wanted.push(link)
    this.#schedule()
  }

  /** Writes out what the links have gathered, now instead of at the end of the turn. */
  flush(): void {
    const dirty = this.#dirty
    this.#dirty = []
    for (const link of dirty) {
      link.isDirty = false
      link.flush()
    }
  }

  dirty(link: Link): void {
    link.isDirty = true
    this.#dirty.push(link)
    this.#schedule()
  }

  message(link: Link, bytes: Buffer, payload: number, end: number, header: number): void {
    this.traffic.message(link, bytes, payload, end, header)
  }

  acknowledged(link: Link): void {
    this.traffic.acknowledged(link)
  }

  granted(_link: Link, accepted: number, refused: number): void {
    this.traffic.granted(accepted, refused)
  }

  ponged(): void {
    this.traffic.ponged()
  }

  lost(_link: Link, why: string): void {
    if (this.disconnects++ === 0) this.firstDisconnect = why
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#turn)
  }

  readonly #turn = (): void => {
    this.#scheduled = false
    const wanted = this.#wanted
    this.#wanted = []
    for (const link of wanted) {
      link.isWanted = false
      if (link.ready) this.traffic.refill(link)
    }
    this.flush()
    if (this.pause > 0) sleep(this.pause)
  }
}
