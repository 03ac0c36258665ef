/** Levels of one topic or filter, cut out when they are first looked at. Used again and again. */
export class TopicLevels {
  #text = ''
  #levels: string[] = []
  #known = 0
  #next = 0

  begin(text: string): this {
    this.#text = text
    this.#known = 0
    this.#next = 0
    if (this.#levels.length > most) this.#levels = []
    return this
  }

  /** The level with this number, from 0; null behind the last. */
  at(index: number): string | null {
    while (this.#known <= index) {
      if (this.#next < 0) return null
      this.#cut()
    }
    return this.#levels[index]
  }

  #cut(): void {
    const slash = this.#text.indexOf('/', this.#next)
    this.#levels[this.#known++] = slash < 0 ? this.#text.slice(this.#next) : this.#text.slice(this.#next, slash)
    this.#next = slash < 0 ? slash : slash + 1
  }
}

/** Levels that are kept room for. */
const most = 256
