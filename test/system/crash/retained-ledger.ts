/** What may be retained under each topic: the value acknowledged last, or one sent later. `null` is no value. */
export class RetainedLedger {
  readonly #topics = new Map<string, Values>()

  /** A new value goes out; call the function when it is acknowledged. */
  sent(topic: string, value: string | null): () => void {
    let values = this.#topics.get(topic)
    if (values === undefined) this.#topics.set(topic, (values = { all: [null], acknowledged: 0 }))
    const index = values.all.push(value) - 1
    const written = values
    return () => (written.acknowledged = Math.max(written.acknowledged, index))
  }

  /** What is wrong with what a new subscriber got. */
  mistakes(found: ReadonlyMap<string, string>): readonly string[] {
    const mistakes: string[] = []
    for (const [topic, { all, acknowledged }] of this.#topics) {
      const value = found.get(topic) ?? null
      const allowed = all.slice(acknowledged)
      if (!allowed.includes(value)) mistakes.push(`${topic} retains ${value}, not ${allowed[0]} or later`)
    }
    for (const topic of found.keys()) {
      if (!this.#topics.has(topic)) mistakes.push(`${topic} retains what nobody sent`)
    }
    return mistakes
  }
}

interface Values {
  readonly all: (string | null)[]
  acknowledged: number
}
