import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import ts from 'typescript'
import { type Block, blocksOf, documents, followed, root } from './document.ts'
import { shownAs, Terminal } from './terminal.ts'
import { Workplace } from './workplace.ts'

function compilerOptions(): ts.CompilerOptions {
  const file = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path))
  const { options } = ts.parseJsonConfigFileContent(file.config, { ...ts.sys, readDirectory: () => [] }, root)
  // An example may show a value it does not use.
  return {
    ...options,
    noUnusedLocals: false,
    noUnusedParameters: false,
    typeRoots: [join(root, 'node_modules/@types')],
  }
}

function mistakes(files: readonly string[]): string[] {
  const program = ts.createProgram([...files], compilerOptions())
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const { file, start = 0, messageText } = diagnostic
    const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line + 1
    return `${file?.fileName}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
}

test('every TypeScript example of the documents passes the type checker', () => {
  using workplace = new Workplace()
  const files = documents().flatMap((document) =>
    blocksOf(document)
      .filter(({ language }) => language === 'ts')
      .map(({ line, text }) => workplace.program(`${document.path.replace(/[/.]/g, '-')}-${line}.ts`, text)),
  )
  assert.ok(files.length > 0)
  assert.deepEqual(mistakes(files), [])
})

for (const document of documents().filter(({ path }) => !followed.includes(path))) {
  const blocks = blocksOf(document)
  blocks.forEach((block, index) => {
    if (block.language !== 'ts' || !block.words.includes('run')) return
    test(`the program at ${document.path}:${block.line} runs and prints what the page says`, () =>
      runs(block, blocks[index + 1]))
  })
}

async function runs(block: Block, next: Block | undefined): Promise<void> {
  using workplace = new Workplace()
  const file = workplace.program('example.ts', block.text)
  await using terminal = new Terminal(`node "${file}"`, workplace)
  const printed = await terminal.finish(false)
  if (next?.language === 'text') assert.match(printed, shownAs(next.text))
}
