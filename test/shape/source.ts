import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/** Something that costs memory or time for each message, and where it is. */
export interface Finding {
  /** The function it is in, with those around it: `Outbox.flush`. */
  readonly place: string
  readonly line: number
  readonly what: string
}

const root = fileURLToPath(new URL('../../', import.meta.url))
/** Methods that make an array, a promise or a closure, or call whoever listens. A closure given to others is found by itself. */
const costly = new Set(['map', 'filter', 'forEach', 'reduce', 'flatMap', 'emit', 'then', 'bind'])

export function parse(path: string): ts.SourceFile {
  return ts.createSourceFile(path, readFileSync(root + path, 'utf8'), ts.ScriptTarget.Latest, true)
}

/** What of the forbidden is in the functions of a file. */
export function findings(file: ts.SourceFile): readonly Finding[] {
  const found: Finding[] = []
  const walk = (node: ts.Node, place: string): void => {
    const what = forbidden(node)
    const { line } = file.getLineAndCharacterOfPosition(node.getStart(file))
    // What stands outside of functions runs once.
    if (what !== null && place.includes('(')) found.push({ place: place.replace(/\(.*/, ''), line: line + 1, what })
    const inside = nameOf(node, place)
    ts.forEachChild(node, (child) => walk(child, inside))
  }
  walk(file, '')
  return found
}

/** The names of all functions of a file. */
export function functionsOf(file: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>()
  const walk = (node: ts.Node, place: string): void => {
    const inside = nameOf(node, place)
    if (inside.endsWith('(')) names.add(inside.slice(0, -1))
    ts.forEachChild(node, (child) => walk(child, inside))
  }
  walk(file, '')
  return names
}

/** Packages that a file imports: neither files of ours nor parts of Node. */
export function packagesOf(file: ts.SourceFile): readonly string[] {
  return file.statements
    .filter((statement) => ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement))
    .flatMap(({ moduleSpecifier }) =>
      moduleSpecifier && ts.isStringLiteral(moduleSpecifier) ? [moduleSpecifier.text] : [],
    )
    .filter((name) => !name.startsWith('.') && !name.startsWith('node:'))
}

/** `Class.method(` within a method; what is in a function of a function belongs to the outer one. */
function nameOf(node: ts.Node, place: string): string {
  if (place.endsWith('(')) return place
  if (ts.isClassDeclaration(node)) return `${node.name?.text}.`
  if (ts.isConstructorDeclaration(node)) return `${place}constructor(`
  if (ts.isMethodDeclaration(node) || ts.isAccessor(node) || ts.isFunctionDeclaration(node))
    return `${place}${node.name?.getText()}(`
  if (ts.isPropertyDeclaration(node) && node.initializer !== undefined && isClosure(node.initializer))
    return `${place}${node.name.getText()}(`
  if (ts.isVariableDeclaration(node) && node.initializer !== undefined && isClosure(node.initializer))
    return `${place}${node.name.getText()}(`
  return place
}

function forbidden(node: ts.Node): string | null {
  if (ts.isAwaitExpression(node)) return 'await'
  if (node.kind === ts.SyntaxKind.AsyncKeyword) return 'async'
  if (ts.isSpreadElement(node) || ts.isSpreadAssignment(node)) return 'a spread'
  if (ts.isParameter(node) && node.dotDotDotToken !== undefined) return 'rest parameters'
  if (isClosure(node)) return 'a closure'
  if (ts.isNewExpression(node) && node.expression.getText() === 'Promise') return 'a promise'
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { name, expression } = node.expression
    if (expression.getText() === 'Promise') return 'a promise'
    if (costly.has(name.text)) return `.${name.text}()`
  }
  return null
}

function isClosure(node: ts.Node): boolean {
  return ts.isArrowFunction(node) || ts.isFunctionExpression(node)
}
