import { Receipts } from './receipts.ts'

// What every publisher had acknowledged, what every subscriber got, and what is wrong with that.
//
//     const ledger = new Ledger()
//     const stream = ledger.stream('p', 1)           publisher p sends to everybody at QoS 1, numbers 0, 1, 2 …
//     const receipts = ledger.receipts('s', 2)       subscriber s gets everything at QoS 2 at most
//     stream.sent(0)                                 each time PUBLISH goes out
//     stream.acknowledged(0)                         PUBACK or PUBREC came
//     receipts.arrived({ publisher: 'p', … })        each time PUBLISH comes in
//     ledger.close()                                 now everything acknowledged must have arrived
//     ledger.violations                              must be empty

/** Violations told of one kind: those that differ in numbers and names only. */
const kept = 4

export class Ledger {
  /** How often the broker was killed so far; part of what is told of a violation. */
  round = 0
  readonly #streams = new Map<string, Stream>()
  readonly #receipts: Receipts[] = []
  readonly #violations: string[] = []
  readonly #kinds = new Map<string, number>()

  /** What is wrong: the first of each kind in words, and how many there are of those with more. */
  get violations(): readonly string[] {
    const many = [...this.#kinds].filter(([, count]) => count > kept)
    return [...this.#violations, ...many.map(([kind, count]) => `${count} times: ${kind}`)]
  }

  violate(what: string): void {
    const kind = what.replace(/\b[a-z]*\d+\b/g, '…')
    const count = (this.#kinds.get(kind) ?? 0) + 1
    this.#kinds.set(kind, count)
    if (count <= kept) this.#violations.push(`after kill ${this.round}: ${what}`)
  }

  stream(publisher: string, qos: number): Stream {
    const stream = new Stream(publisher, qos)
    this.#streams.set(publisher, stream)
    return stream
  }

  receipts(subscriber: string, qos: number): Receipts {
    const receipts = new Receipts(subscriber, qos, this)
    this.#receipts.push(receipts)
    return receipts
  }

  streamOf(publisher: string): Stream | null {
    return this.#streams.get(publisher) ?? null
  }

  /** How many acknowledged messages have not arrived where they must, all subscribers together. */
  get outstanding(): number {
    let count = 0
    for (const receipts of this.#receipts) {
      for (const stream of this.#streams.values()) count += receipts.missing(stream).length
    }
    return count
  }

  /** Everything had its time to arrive. */
  close(): void {
    for (const receipts of this.#receipts) {
      for (const stream of this.#streams.values()) {
        for (const number of receipts.missing(stream)) {
          const after = `acknowledged after kill ${stream.roundOf(number)}`
          this.violate(`${receipts.subscriber} never got ${stream.publisher} ${number}, ${after}`)
        }
      }
    }
  }
}

/** The numbered messages of one publisher to one topic, all at one QoS. */
export class Stream {
  readonly publisher: string
  readonly qos: number
  readonly #sent: number[] = []
  readonly #acknowledged = new Map<number, number>()

  constructor(publisher: string, qos: number) {
    this.publisher = publisher
    this.qos = qos
  }

  /** The number of the next new message. */
  get next(): number {
    return this.#sent.length
  }

  /** The PUBLISH went out, for the first time or again. */
  sent(number: number): void {
    this.#sent[number] = (this.#sent[number] ?? 0) + 1
  }

  acknowledged(number: number, round = 0): void {
    this.#acknowledged.set(number, round)
  }

  timesSent(number: number): number {
    return this.#sent[number] ?? 0
  }

  get acknowledgedNumbers(): IterableIterator<number> {
    return this.#acknowledged.keys()
  }

  roundOf(number: number): number {
    return this.#acknowledged.get(number) ?? 0
  }
}
