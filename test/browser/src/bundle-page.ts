import { join } from 'node:path'
import { rolldown } from 'rolldown'

export interface Bundle {
  /** A classic script: what the entry exports is `globalThis.strongroomPage`. */
  readonly code: string
  /** The files that it was made of, absolute. */
  readonly modules: readonly string[]
}

const project = join(import.meta.dirname, '..')

/**
 * Makes one script of a page and of the sources, not the builds, of what it imports. `entry` is a path in this project.
 * @throws Error that names what only Node has, or nobody.
 */
export async function bundlePage(entry: string): Promise<Bundle> {
  await using bundling = await rolldown({
    input: join(project, entry),
    platform: 'browser',
    resolve: { conditionNames: ['@strongroom/source', 'browser', 'import', 'default'] },
    logLevel: 'silent',
  })
  const { output } = await bundling.generate({ format: 'iife', name: 'strongroomPage', codeSplitting: false })
  const [{ code, imports, moduleIds }] = output
  // Left alone it becomes a global that is not there, and the page breaks wherever that is first used.
  if (imports.length > 0) throw new Error(`${entry} cannot run in a browser: it imports ${imports.join(', ')}`)
  return { code, modules: moduleIds }
}
