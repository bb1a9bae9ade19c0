import { createRequire } from 'node:module'

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

/** The path of anvil: what `STRONGROOM_ANVIL` names, else the binary of the npm package for this CPU, if there is one. */
export function findAnvil(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const given = environment['STRONGROOM_ANVIL']
  if (given) return given
  const require = createRequire(import.meta.url)
  const name = `@foundry-rs/anvil-${process.platform}-${architectures[process.arch] ?? process.arch}/bin/anvil`
  try {
    // The binaries are dependencies of that package, and are found from where it lies.
    return createRequire(require.resolve('@foundry-rs/anvil/package.json')).resolve(name)
  } catch {
    return undefined
  }
}
