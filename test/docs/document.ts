import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder the repository is in. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** A fenced block: its language and the words behind it, such as `ts run`. */
export interface Block {
  readonly language: string
  readonly words: readonly string[]
  readonly text: string
  /** The line its text begins in. */
  readonly line: number
}

/** A heading and what stands under it, up to the next heading of any level. */
export interface Section {
  readonly title: string
  readonly blocks: readonly Block[]
  readonly links: readonly string[]
}

export interface Document {
  /** Relative to the repository, such as `docs/tutorial.md`. */
  readonly path: string
  readonly sections: readonly Section[]
}

/** All documents for people; what is generated has tests of its own. */
export function documents(): readonly Document[] {
  const paths = [...globSync('*.md', { cwd: root }), ...globSync('{docs,bench}/*.md', { cwd: root })]
  return paths
    .filter((path) => !path.endsWith('.api.md'))
    .sort()
    .map(readDocument)
}

export function readDocument(path: string): Document {
  const sections: { title: string; blocks: Block[]; links: string[] }[] = [{ title: '', blocks: [], links: [] }]
  let open: { language: string; words: string[]; line: number; lines: string[] } | null = null
  readFileSync(join(root, path), 'utf8')
    .split('\n')
    .forEach((line, index) => {
      const section = sections[sections.length - 1]
      if (open !== null && line === '```') {
        const { lines, ...block } = open
        section.blocks.push({ ...block, text: lines.join('\n') })
        open = null
      } else if (open !== null) {
        open.lines.push(line)
      } else if (line.startsWith('```')) {
        const [language = '', ...words] = line.slice(3).split(' ')
        open = { language, words, line: index + 2, lines: [] }
      } else if (/^#+ /.test(line)) {
        sections.push({ title: line.replace(/^#+ /, ''), blocks: [], links: [] })
      } else {
        section.links.push(...linksIn(line))
      }
    })
  return { path, sections }
}

/** The name of the file that a block is. */
export function fileOf({ words }: Block): string | null {
  return words.find((word) => /^[\w-]+\.[\w.]+$/.test(word)) ?? null
}

/** The name by which a heading is linked to. */
export function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-')
}

export function blocksOf(document: Document): readonly Block[] {
  return document.sections.flatMap(({ blocks }) => blocks)
}

function linksIn(line: string): string[] {
  const plain = line.replace(/`[^`]*`/g, '`')
  return [...plain.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
}

/** The pages whose commands a reader follows from the first to the last; their programs are run among them. */
export const followed: readonly string[] = [
  'README.md',
  'docs/tutorial.md',
  'docs/configuration.md',
  'docs/listeners.md',
  'docs/authentication.md',
  'docs/passwords.md',
  'docs/tokens.md',
  'docs/client-certificates.md',
  'docs/certificate-authority.md',
  'docs/http-authentication.md',
  'docs/access.md',
  'docs/access-rules.md',
  'docs/access-mosquitto.md',
  'docs/access-topic-spaces.md',
  'docs/access-ordered-rules.md',
  'docs/access-roles.md',
  'docs/access-http.md',
  'docs/policy-tests.md',
  'docs/explain.md',
  'docs/journal.md',
  'docs/migrating-from-mosquitto.md',
]
