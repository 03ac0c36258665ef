import { extname } from 'node:path'
import { parseJson } from './resource-json.ts'
import { Misplaced, type Node, type Taken } from './resource-node.ts'
import { parseYaml } from './resource-yaml.ts'
import type { RuleMistakes } from './rule-mistakes.ts'

// The YAML parser takes quadratic time for some senseless texts.
const maximumYamlLength = 131_072

/**
 * The value of a file: of YAML, or JSON where it begins with a bracket or its name says so. Several values of JSON, one
 * after the other or each on a line of its own, are a list. Null for a file with mistakes, of which something may be taken
 * already. YAML is small: nothing of it is taken.
 */
export function parseNode(text: string, file: string, mistakes: RuleMistakes, taken: Taken): Node | null {
  const suffix = extname(file).toLowerCase()
  const isJson =
    suffix === '.json' || suffix === '.jsonl' || (!/^\.ya?ml$/.test(suffix) && /^[\s\uFEFF]*[[{]/.test(text))
  if (!isJson && text.length > maximumYamlLength) {
    mistakes.add(file, start, 'the file is larger than 128 KiB: write it as JSON, with a name that ends with .json')
    return null
  }
  try {
    return isJson ? parseJson(text, taken) : parseYaml(text)
  } catch (error) {
    if (!(error instanceof Misplaced)) throw error
    mistakes.add(file, error, error.message)
    return null
  }
}

const start = { line: 1, column: 1 }
