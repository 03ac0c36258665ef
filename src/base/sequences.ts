/** A queue of numbers, eight bytes each, over an array that is used in a circle. */
export class Sequences {
  #items: number[] = new Array<number>(4).fill(0)
  #head = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  push(item: number): void {
    if (this.#length === this.#items.length) this.#resize(this.#items.length * 2)
    this.#items[(this.#head + this.#length) & (this.#items.length - 1)] = item
    this.#length++
  }

  /** The oldest; there must be one. */
  peek(): number {
    return this.#items[this.#head]
  }

  shift(): number {
    const item = this.#items[this.#head]
    this.#head = (this.#head + 1) & (this.#items.length - 1)
    this.#length--
    if (this.#items.length > 64 && this.#length * 4 < this.#items.length) this.#resize(this.#items.length / 2)
    return item
  }

  #resize(size: number): void {
    const resized = new Array<number>(size).fill(0)
    for (let index = 0; index < this.#length; index++)
      resized[index] = this.#items[(this.#head + index) & (this.#items.length - 1)]
    this.#items = resized
    this.#head = 0
  }
}
