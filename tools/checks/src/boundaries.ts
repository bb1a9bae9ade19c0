import { basename } from 'node:path'
import { allowedKinds, isomorphic, kernelRanks, owners, sliceOrder } from './layers.ts'
import { findProjects, importsOf, isTest, type Project } from './projects.ts'

/** Every import that the plan of the house forbids, a line each. */
export function findTrespasses(projects: readonly Project[]): readonly string[] {
  const byName = new Map(projects.map((project) => [project.name, project]))
  return projects.flatMap((project) => [
    ...project.dependencies.flatMap((dependency) => judgeDependency(project, dependency, byName)),
    ...project.sources.filter((path) => !isTest(path)).flatMap((path) => judgeFile(project, path)),
  ])
}

function judgeDependency(
  project: Project,
  dependency: string,
  byName: ReadonlyMap<string, Project>,
): readonly string[] {
  const owned = owners[dependency]
  const free = project.kind === 'tool' || project.kind === 'test'
  if (owned && !free && !owned.includes(project.name))
    return [`${project.folder} depends on ${dependency}, which belongs to ${owned.join(' and ')}`]
  const target = byName.get(dependency.replace('@strongroom/', ''))
  if (!dependency.startsWith('@strongroom/') || !target) return []
  const allowed = allowedKinds[project.kind] ?? []
  if (!allowed.includes(target.kind) && !allowed.includes(target.name))
    return [`${project.folder} (${project.kind}) depends on ${target.folder} (${target.kind})`]
  if (project.kind === 'kernel' && rankOf(target.name) >= rankOf(project.name)) {
    return [`${project.folder} depends on ${target.folder}, which does not stand below it in the kernel`]
  }
  return []
}

function rankOf(name: string): number {
  const rank = kernelRanks.findIndex((line) => line.includes(name))
  if (rank < 0) throw new Error(`tools/checks/src/layers.ts does not say where kernel/${name} stands`)
  return rank
}

function judgeFile(project: Project, path: string): readonly string[] {
  return importsOf(path).flatMap((target) => [
    ...judgeRelative(project, path, target),
    ...judgeSlice(project, path, target),
    ...judgeIsomorphic(path, target),
  ])
}

function judgeRelative({ folder }: Project, path: string, target: string): readonly string[] {
  const isPath = target.startsWith('..') || /^(apps|libs|tools|test)\//.test(target)
  return isPath && !target.startsWith(`${folder}/`) ? [`${path} reaches into ${target} by a relative path`] : []
}

function judgeSlice({ name, folder }: Project, path: string, target: string): readonly string[] {
  const order = sliceOrder[name]
  const from = sliceOf(folder, path)
  const to = sliceOf(folder, target)
  if (!order || !from || !to || from === to) return []
  return order.indexOf(to) > order.indexOf(from)
    ? [`${path}: slice ${from} uses slice ${to}, which comes after it`]
    : []
}

const sliceOf = (folder: string, path: string): string | undefined =>
  new RegExp(`^${folder}/src/([^/]+)/`).exec(path)?.[1]

function judgeIsomorphic(path: string, target: string): readonly string[] {
  if (!isomorphic.includes(basename(path))) return []
  const known = target.endsWith('.ts') ? isomorphic.includes(basename(target)) : isIsomorphicPackage(target)
  return known ? [] : [`${path} is for browsers too, and imports ${target}`]
}

const isIsomorphicPackage = (target: string) =>
  target === 'zod' ||
  target === '@strongroom/crypto' ||
  (target.startsWith('@strongroom/') && target.endsWith('/contract'))

if (import.meta.main) {
  const projects = findProjects()
  const trespasses = findTrespasses(projects)
  for (const line of trespasses) console.error(line)
  console.log(`boundaries: ${String(projects.length)} projects, ${String(trespasses.length)} trespasses`)
  process.exitCode = trespasses.length > 0 ? 1 : 0
}
