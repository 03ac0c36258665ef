import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { anchorOf, type Document, documents, readDocument, root } from './document.ts'

function broken(document: Document): string[] {
  const links = document.sections.flatMap((section) => section.links)
  return links.filter((link) => !/^(https?|mailto):/.test(link) && !leadsSomewhere(document, link))
}

function leadsSomewhere(document: Document, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const file = path === '' ? document.path : relative(root, join(root, dirname(document.path), path))
  if (!existsSync(join(root, file))) return false
  if (anchor === undefined) return true
  return readDocument(file).sections.some(({ title }) => anchorOf(title) === anchor)
}

for (const document of documents()) {
  test(`every link in ${document.path} leads to a file and a heading that exist`, () => {
    assert.deepEqual(broken(document), [])
  })
}

test('every page of docs is linked from the README or from a page that is', () => {
  const reached = new Set(['README.md'])
  for (const path of reached) {
    if (!path.endsWith('.md')) continue
    for (const link of readDocument(path).sections.flatMap((section) => section.links)) {
      const file = join(dirname(path), link.split('#')[0] ?? '')
      if (!/^https?:/.test(link) && existsSync(join(root, file)) && file.endsWith('.md')) reached.add(file)
    }
  }
  const pages = documents().map(({ path }) => path)
  assert.deepEqual(
    pages.filter((path) => !reached.has(path)),
    [],
  )
})
