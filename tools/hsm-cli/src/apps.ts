import { auditKeyNeed } from '@strongroom/audit'
import type { KeyNeed } from '@strongroom/hsm'
import type { Service, Settings } from '@strongroom/service'
import { Unusable } from './outcome.ts'

export const appNames = ['key-server', 'identity-storage', 'mpc-auth', 'sss-lca'] as const

export type AppName = (typeof appNames)[number]

/** Loads the app's parts list and no more than that one. Throws `Unusable`. */
export async function withApp<T>(
  name: string,
  use: <S extends Settings>(service: Service<S>) => T,
): Promise<Awaited<T>> {
  switch (name) {
    case 'key-server':
      return await use((await import('@strongroom/key-server')).keyServer)
    case 'identity-storage':
      return await use((await import('@strongroom/identity-storage')).identityStorage)
    case 'mpc-auth':
      return await use((await import('@strongroom/mpc-auth')).mpcAuth)
    case 'sss-lca':
      return await use((await import('@strongroom/sss-lca')).sssLca)
    default:
      throw new Unusable(`there is no app "${name}": say one of ${appNames.join(', ')}`)
  }
}

/** What the app asks of its own tokens, and of its recovery token where it has one. */
export const needsOf = <S extends Settings>({
  keys,
  recovery,
}: Pick<Service<S>, 'keys' | 'recovery'>): readonly KeyNeed[] => [
  ...keys,
  auditKeyNeed,
  ...(recovery === undefined ? [] : [{ job: 'recover', use: '' } as const]),
]
