import { deepEqual, equal, throws } from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { BrokerError } from '../../../src/base/errors.ts'
import { WatchedFiles } from '../../../src/base/watched-files.ts'
import { WatchedValueSync } from '../../../src/base/watched-value-sync.ts'

/** Two files, and the value they make: the one text behind the other, neither of which may be `bad`. */
class Place {
  readonly files = new WatchedFiles()
  readonly paths: readonly string[]
  readonly told: (readonly [problem: string | null, value: string, file: string])[] = []
  reads = 0

  constructor(t: TestContext) {
    const directory = mkdtempSync(join(tmpdir(), 'petaltail-value-'))
    this.paths = ['a', 'b'].map((name) => join(directory, name))
    t.after(() => {
      this.files.close()
      rmSync(directory, { recursive: true })
    })
    this.write('one', 'two')
  }

  write(...texts: string[]): void {
    for (const [index, text] of texts.entries()) writeFileSync(this.paths[index] ?? '', text)
  }

  open(): WatchedValueSync<{ readonly text: string }> {
    const read = (before: { readonly text: string } | null) => {
      const text = this.#read()
      return before?.text === text ? before : { text }
    }
    const done = (error: BrokerError | null, { text }: { readonly text: string }, path: string) =>
      this.told.push([error?.message ?? null, text, basename(path)])
    return new WatchedValueSync({ paths: this.paths, read, done }, this.files)
  }

  #read(): string {
    this.reads++
    const texts = this.paths.map((path) => readFileSync(path, 'utf8'))
    if (texts.includes('bug')) throw new TypeError('a bug')
    if (texts.includes('bad')) throw new BrokerError('TLS_INVALID', 'it is bad')
    return texts.join('+')
  }
}

test('a changed file is read at once, and what says the same as before is told to nobody', (t) => {
  const place = new Place(t)
  const watched = place.open()
  equal(watched.value.text, 'one+two')
  place.files.reload()
  deepEqual(place.told, [])
  place.write('one', 'three')
  place.files.reload()
  equal(watched.value.text, 'one+three')
  deepEqual(place.told, [[null, 'one+three', 'a']])
})

test('files that cannot be used leave the value as it was, until they can', (t) => {
  const place = new Place(t)
  const watched = place.open()
  const { value } = watched
  place.write('bad')
  place.files.reload()
  equal(watched.value, value)
  place.write('good')
  place.files.reload()
  equal(watched.value.text, 'good+two')
  deepEqual(place.told, [
    ['it is bad', 'one+two', 'a'],
    ['it is bad', 'one+two', 'b'],
    [null, 'good+two', 'a'],
  ])
})

test('a mistake of our own is not taken for one of the files', (t) => {
  const place = new Place(t)
  place.open()
  place.write('bug')
  throws(() => place.files.reload(), TypeError)
  deepEqual(place.told, [])
})

test('files that cannot be used at the start are an error, and not watched', (t) => {
  const place = new Place(t)
  place.write('bad')
  throws(() => place.open(), { code: 'TLS_INVALID' })
  place.files.reload()
  equal(place.reads, 1)
})

test('nothing is read or told after the end', (t) => {
  const place = new Place(t)
  {
    using watched = place.open()
    equal(watched.value.text, 'one+two')
  }
  place.write('three')
  place.files.reload()
  equal(place.reads, 1)
  deepEqual(place.told, [])
})
