import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

// The examples in the documents and in the comments of the public interface compile as they stand.

interface Example {
  /** File and line where it stands. */
  readonly place: string
  readonly text: string
}

const root = fileURLToPath(new URL('../../', import.meta.url))
const index = join(root, 'src/index.ts')
const documents = globSync(['*.md', 'docs/**/*.md', 'src/**/*.ts'], { cwd: root }).sort()
const examples = documents.flatMap(examplesOf)

test('the examples of documents and comments compile', {
  skip: examples.length === 0 && 'there are no examples',
}, () => {
  const names = exportedNames()
  const sources = new Map(
    examples.map(({ place, text }, number) => [
      join(root, `test/types/example-${number}.ts`),
      { place, text: whole(text, names) },
    ]),
  )
  const program = ts.createProgram([...sources.keys()], options(), host(sources))
  const wrong = ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const place = sources.get(diagnostic.file?.fileName ?? '')?.place ?? diagnostic.file?.fileName
    return `${place}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')}`
  })
  assert.deepEqual(wrong, [])
})

test('createBroker has an example', () => {
  assert.ok(examples.some(({ place }) => place.startsWith('src/broker.ts')))
})

/** The `ts` blocks of a file, without what a comment puts before each line. */
function examplesOf(path: string): readonly Example[] {
  const source = readFileSync(join(root, path), 'utf8')
  const block = /^([ *]*)```(?:ts|typescript)\n([\s\S]*?)^\1```$/gm
  return [...source.matchAll(block)].map((found) => {
    const [, margin = '', text = ''] = found
    const line = source.slice(0, found.index).split('\n').length + 1
    const lines = text
      .split('\n')
      .map((each) => (each.startsWith(margin) ? each.slice(margin.length) : each.trimStart().slice(1)))
    return { place: `${path}:${line}`, text: lines.join('\n') }
  })
}

/** An example that imports nothing means the names of this package. */
function whole(text: string, names: readonly string[]): string {
  const used = names.filter((name) => new RegExp(`\\b${name}\\b`).test(text))
  const given = /^import /m.test(text) ? '' : `import { ${used.join(', ')} } from 'petaltail'\n`
  return `${given}${text}\nexport {}\n`
}

function exportedNames(): readonly string[] {
  const program = ts.createProgram([index], options())
  const file = program.getSourceFile(index)
  const module = file && program.getTypeChecker().getSymbolAtLocation(file)
  return module
    ? program
        .getTypeChecker()
        .getExportsOfModule(module)
        .map(({ name }) => name)
    : []
}

function options(): ts.CompilerOptions {
  const reader = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} }
  const parsed = ts.getParsedCommandLineOfConfigFile(join(root, 'tsconfig.json'), {}, reader)
  return { ...parsed?.options, noEmit: true, noUnusedLocals: false, paths: { petaltail: [index] } }
}

function host(sources: ReadonlyMap<string, Example>): ts.CompilerHost {
  const real = ts.createCompilerHost(options())
  return {
    ...real,
    fileExists: (path) => sources.has(path) || real.fileExists(path),
    readFile: (path) => sources.get(path)?.text ?? real.readFile(path),
    getSourceFile: (path, language, failed) => {
      const example = sources.get(path)
      return example === undefined
        ? real.getSourceFile(path, language, failed)
        : ts.createSourceFile(path, example.text, language)
    },
  }
}
