/** A queue over an array that is used in a circle: both ends cost the same however long it is. */
export class Ring<Item> {
  #items: (Item | undefined)[] = []
  #head = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  push(item: Item): void {
    if (this.#length === this.#items.length) this.#grow()
    this.#items[(this.#head + this.#length) & (this.#items.length - 1)] = item
    this.#length++
  }

  peek(): Item | undefined {
    return this.#length === 0 ? undefined : this.#items[this.#head]
  }

  shift(): Item | undefined {
    if (this.#length === 0) return undefined
    const item = this.#items[this.#head]
    this.#items[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#items.length - 1)
    this.#length--
    if (this.#length === 0) this.clear()
    return item
  }

  /** Takes everything out, oldest first. */
  drain(): Item[] {
    const all: Item[] = []
    for (let item = this.shift(); item !== undefined; item = this.shift()) all.push(item)
    return all
  }

  clear(): void {
    if (this.#items.length > 64) this.#items = []
    this.#head = 0
    this.#length = 0
  }

  #grow(): void {
    const grown = new Array<Item | undefined>(Math.max(8, this.#items.length * 2))
    for (let index = 0; index < this.#length; index++)
      grown[index] = this.#items[(this.#head + index) & (this.#items.length - 1)]
    this.#items = grown
    this.#head = 0
  }
}
