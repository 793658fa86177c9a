import type { Change } from '~/api/teamwork'

const MOST = 200
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Every place where two documents differ. Lists are told place by place while they are as long. */
export function differences(before: unknown, after: unknown, path = '$'): Change[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    return names.flatMap((name) => differences(before[name], after[name], `${path}.${name}`)).slice(0, MOST)
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return before.flatMap((each, i) => differences(each, after[i], `${path}[${i}]`)).slice(0, MOST)
  return [{ path, before: before ?? null, after: after ?? null }]
}
