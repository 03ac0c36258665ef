export { fileProblem, readBoundedFile } from '../base/bounded-file.ts'
