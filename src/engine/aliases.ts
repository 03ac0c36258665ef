import type { TopicName } from '../topic/name.ts'

/** An alias costs three bytes where it is set, and is worth it for topics longer than that. */
const worthwhile = 3

/** The topic aliases a broker uses towards one client [MQTT 3.3.2.3.4]: given to the first topics it is sent. */
export class Aliases {
  readonly #maximum: number
  readonly #aliases = new Map<string, number>()

  constructor(maximum: number) {
    this.#maximum = maximum
  }

  /** The alias the client knows for the topic, 0 for none. */
  known(topic: TopicName): number {
    return this.#aliases.get(topic.text) ?? 0
  }

  /** The alias that a topic without one would be given, 0 for none. */
  next(topic: TopicName): number {
    return this.#aliases.size === this.#maximum || topic.length <= worthwhile ? 0 : this.#aliases.size + 1
  }

  /** Gives a topic its alias, to be set with the packet at hand; 0 for none. */
  learn(topic: TopicName): number {
    const alias = this.next(topic)
    if (alias > 0) this.#aliases.set(topic.text, alias)
    return alias
  }
}
