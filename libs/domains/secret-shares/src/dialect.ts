import { crashed, type Dialect, invalidInput, unknownRoute } from '@strongroom/http'
import type { AnyEndpoint, AnyRefusalKind } from '@strongroom/http/contract'
import { z } from 'zod'

/** tRPC's names of HTTP statuses. */
const codes: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'TOO_MANY_REQUESTS',
  501: 'NOT_IMPLEMENTED',
  502: 'BAD_GATEWAY',
  503: 'SERVICE_UNAVAILABLE',
}
const codeOf = (status: number): string => codes[status] ?? 'INTERNAL_SERVER_ERROR'

/** What the original says instead of a refusal's own title. */
const said = new Map<string, string>([
  [invalidInput.kind, 'Input validation failed'],
  [unknownRoute.kind, 'Not found'],
  [crashed.kind, 'Internal server error'],
])

const titleOf = ({ kind, title }: Pick<AnyRefusalKind, 'kind' | 'title'>): string => said.get(kind) ?? title

const Issues = z.array(
  z.object({ path: z.array(z.union([z.string(), z.number()])), code: z.string(), message: z.string() }),
)

/** Bodies of LearnCard's LCA API: tRPC's errors over REST, with zod's issues where the input was wrong. */
export const lca: Dialect = {
  accepts: ['application/json'],
  contentType: 'application/json; charset=utf-8',
  render(refusal, endpoint) {
    const { status, details } = refusal
    const code = codeOf(status)
    const { issues } = details
    return {
      status,
      body: {
        message: titleOf(refusal),
        code,
        data: { code, httpStatus: status, ...pathOf(endpoint) },
        ...(issues !== undefined && { issues }),
      },
    }
  },
  describe(kind, endpoint) {
    const { status } = kind
    const code = z.literal(codeOf(status))
    return {
      status,
      body: z.object({
        message: z.literal(titleOf(kind)),
        code,
        data: z.object({ code, httpStatus: z.literal(status), path: z.literal(endpoint.name ?? endpoint.path) }),
        ...(kind.kind === invalidInput.kind && { issues: Issues.optional() }),
      }),
    }
  },
}

const pathOf = (endpoint: AnyEndpoint | undefined) => endpoint && { path: endpoint.name ?? endpoint.path }
