import { mount } from '@strongroom/http'
import {
  type LoginTokenDeps,
  type PresentationDeps,
  proveChallengedPresentation,
  proveDidPresentation,
  proveLoginToken,
} from '@strongroom/proofs'
import { type ContactDeps, handlers, lca, type RecoveryDeps } from '@strongroom/secret-shares'

type Deps = ContactDeps & RecoveryDeps & LoginTokenDeps & PresentationDeps

export const mountShares = (deps: Deps) =>
  mount({ dialect: lca, handlers, provers: [proveLoginToken, proveDidPresentation, proveChallengedPresentation], deps })
