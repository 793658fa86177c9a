import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core'
import { offered } from '~/parts/offered'
import { t } from '~/words/language'

// Mantine wants ten shades of a primary colour; every one of ours is the same role, and the roles know the theme.
const role = (name: string): MantineColorsTuple => Array(10).fill(`var(--${name})`) as unknown as MantineColorsTuple

/** What floats over the page is in a landmark: a reader who goes by them finds it there. Menus and lists to choose from are popovers. */
const afloat = { target: '#afloat' }

const small = { defaultProps: { size: 'xs' } }

/** A list to choose from scrolls itself: an area inside of it would be one that no key reaches by itself. How high it may be is in mantine.css. */
const list = { size: 'xs', withScrollArea: false }

export const theme = createTheme({
  primaryColor: 'accent',
  colors: { accent: role('accent') },
  fontFamily: 'var(--sans)',
  fontFamilyMonospace: 'var(--mono)',
  defaultRadius: 8,
  cursorType: 'pointer',
  respectReducedMotion: true,
  // By name, not by `Component.extend`: naming the components here would pull every one of them into the first page.
  components: {
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'accent' } },
    Autocomplete: { defaultProps: { ...list, filter: offered } },
    Button: { defaultProps: { size: 'xs', variant: 'default' } },
    Modal: { defaultProps: { closeButtonProps: { 'aria-label': t('Close') }, centered: true, padding: 20, transitionProps: { duration: 150 } } },
    // The first item has the focus, and not an empty element that Mantine puts before it: a menu is to have nothing but items.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    MultiSelect: { defaultProps: list },
    NumberInput: small,
    PasswordInput: small,
    Popover: { defaultProps: { portalProps: afloat } },
    SegmentedControl: small,
    Select: { defaultProps: { ...list, allowDeselect: false, checkIconPosition: 'right' } },
    Switch: { defaultProps: { size: 'xs', withThumbIndicator: false } },
    Tabs: { defaultProps: { keepMounted: false } },
    TagsInput: { defaultProps: list },
    TextInput: small,
    Textarea: small,
    Tooltip: { defaultProps: { openDelay: 300, transitionProps: { duration: 120 }, portalProps: afloat } },
  },
})

/** Points Mantine's own variables at our roles, the same in both schemes, since the roles change by themselves. */
export const variables: CSSVariablesResolver = () => {
  const roles = {
    '--mantine-color-body': 'var(--surface)',
    '--mantine-color-text': 'var(--text)',
    '--mantine-color-dimmed': 'var(--text-3)',
    '--mantine-color-bright': 'var(--text)',
    '--mantine-color-anchor': 'var(--accent-text)',
    '--mantine-color-placeholder': 'var(--text-3)',
    '--mantine-color-error': 'var(--bad)',
    '--mantine-color-default': 'var(--surface)',
    '--mantine-color-default-hover': 'var(--hover)',
    '--mantine-color-default-color': 'var(--text)',
    '--mantine-color-default-border': 'var(--line-strong)',
    '--mantine-color-disabled': 'var(--hover)',
    '--mantine-color-disabled-color': 'var(--text-3)',
    '--mantine-color-disabled-border': 'var(--line)',
    '--mantine-primary-color-filled': 'var(--accent)',
    '--mantine-primary-color-filled-hover': 'var(--accent-text)',
    '--mantine-primary-color-light': 'var(--accent-soft)',
    '--mantine-primary-color-light-color': 'var(--accent-text)',
  }
  return { variables: {}, light: roles, dark: roles }
}
