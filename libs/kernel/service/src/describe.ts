import { describeApi, type OpenApiDocument } from '@strongroom/http'
import type { Service } from './service.ts'
import type { Settings } from './settings.ts'

/** The OpenAPI document of an app. */
export const describeService = <S extends Settings>({
  name,
  summary,
  api,
}: Pick<Service<S>, 'name' | 'summary' | 'api'>): OpenApiDocument =>
  describeApi({ ...api, title: `Strongroom ${name}`, version: '1', description: summary })
