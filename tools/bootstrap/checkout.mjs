import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const checkout = resolve(fileURLToPath(new URL('../..', import.meta.url)))
export const tooling = join(checkout, '.tooling')

export const readJson = (path) => JSON.parse(readFileSync(join(checkout, path), 'utf8'))
