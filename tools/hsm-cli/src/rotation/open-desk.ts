import type { Service, Settings } from '@strongroom/service'
import type { Log } from '@strongroom/service/operator'
import { Unusable } from '../outcome.ts'
import type { KeyDesk } from './key-desk.ts'

export const openDesk = <S extends Settings>(
  service: Service<S>,
  _env: NodeJS.ProcessEnv,
  _log: Log,
): Promise<KeyDesk> => Promise.reject(new Unusable(`keys of ${service.name} cannot be rotated by this release`))
