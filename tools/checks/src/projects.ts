import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

export const root = join(import.meta.dirname, '../../..')

export interface Project {
  /** Without the scope: `pin-keys`. */
  readonly name: string
  readonly folder: string
  readonly kind: string
  readonly dependencies: readonly string[]
  readonly sources: readonly string[]
}

interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly nx?: { readonly tags?: readonly string[] }
}

/** Every project of the workspace, read from its manifest. */
export function findProjects(): readonly Project[] {
  const manifests = globSync('{apps/*,libs/*/*,tools/*,test/*}/package.json', { cwd: root })
  return manifests.toSorted().map((path) => {
    const folder = dirname(path)
    const manifest = JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest
    const kind = manifest.nx?.tags?.find((tag) => tag.startsWith('type:'))?.slice('type:'.length)
    if (!kind) throw new Error(`${path} lacks a tag that says its type`)
    const sources = globSync(`${folder}/src/**/*.ts`, { cwd: root }).toSorted()
    const dependencies = Object.keys(manifest.dependencies ?? {})
    return { name: manifest.name.replace('@strongroom/', ''), folder, kind, dependencies, sources }
  })
}

export const isTest = (path: string): boolean => path.endsWith('.test.ts')

const imported = /(?:from|import\()\s*'([^']+)'|^import '([^']+)'/gm

/** What a source file imports: package names, or paths from the root for relative ones. */
export function importsOf(path: string): readonly string[] {
  const text = readFileSync(join(root, path), 'utf8')
  return [...text.matchAll(imported)].map(([, from, bare]) => {
    const specifier = from ?? bare ?? ''
    return specifier.startsWith('.') ? relative(root, join(root, dirname(path), specifier)) : specifier
  })
}
