import { Menu } from '@mantine/core'
import { type Copied, useCopy } from './useCopy'

/** What `CopyButton` is, in a menu, which stays open to say so. Apart from it: menus are heavy, and the first page has none. */
export function CopyItem(props: Copied) {
  return <Menu.Item closeMenuOnClick={false} {...useCopy(props)} />
}
