import type { Figures } from './load.ts'
import { cpuBetween, otherLoad, stolen, type Usage, type UsageReader } from './usage.ts'

/** Two readings and what follows from them, as figures; a figure that this machine cannot tell is left out. */
export class Span {
  readonly #reader: UsageReader
  readonly #from: Usage
  #to: Usage

  /** Begins now. */
  constructor(reader: UsageReader) {
    this.#reader = reader
    this.#from = reader.read()
    this.#to = this.#from
  }

  end(): this {
    this.#to = this.#reader.read()
    return this
  }

  get seconds(): number {
    return (this.#to.at - this.#from.at) / 1_000
  }

  /** CPU of the broker per event, in µs. */
  cpu(name: string, events: number): Figures {
    if (!this.#reader.available || events === 0) return {}
    return { [name]: cpuBetween(this.#from, this.#to) / events }
  }

  rate(name: string, events: number): Figures {
    return { [name]: events / this.seconds }
  }

  /** Bytes of memory each of `count` things has added up to now. */
  memoryEach(name: string, count: number): Figures {
    if (!this.#reader.available || count === 0) return {}
    return { [name]: (this.#reader.read().rss - this.#from.rss) / count }
  }

  /** The broker's memory, what else the machine did, and what the generator itself cost per event. */
  conditions(events: number): Figures {
    const generator = events === 0 ? {} : { generatorCpu: (this.#to.generator - this.#from.generator) / events }
    if (!this.#reader.available) return generator
    return {
      ...generator,
      rss: this.#to.rss,
      otherLoad: otherLoad(this.#from, this.#to),
      stolen: stolen(this.#from, this.#to),
    }
  }
}
