import {
  ActionIcon,
  Autocomplete,
  Button,
  createTheme,
  type CSSVariablesResolver,
  type MantineColorsTuple,
  Modal,
  NumberInput,
  SegmentedControl,
  Select,
  Switch,
  Tabs,
  TagsInput,
  Textarea,
  TextInput,
  Tooltip,
} from '@mantine/core'

// Mantine wants ten shades of a primary colour; every one of ours is the same role, and the roles know the theme.
const role = (name: string): MantineColorsTuple => Array(10).fill(`var(--${name})`) as unknown as MantineColorsTuple

const small = { defaultProps: { size: 'xs' } }

export const theme = createTheme({
  primaryColor: 'accent',
  colors: { accent: role('accent') },
  fontFamily: 'var(--sans)',
  fontFamilyMonospace: 'var(--mono)',
  defaultRadius: 8,
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: 'subtle', color: 'accent' } }),
    Autocomplete: Autocomplete.extend(small),
    Button: Button.extend({ defaultProps: { size: 'xs', variant: 'default' } }),
    Modal: Modal.extend({ defaultProps: { centered: true, padding: 20, transitionProps: { duration: 150 } } }),
    NumberInput: NumberInput.extend(small),
    SegmentedControl: SegmentedControl.extend(small),
    Select: Select.extend({ defaultProps: { size: 'xs', allowDeselect: false, checkIconPosition: 'right' } }),
    Switch: Switch.extend(small),
    Tabs: Tabs.extend({ defaultProps: { keepMounted: false } }),
    TagsInput: TagsInput.extend(small),
    TextInput: TextInput.extend(small),
    Textarea: Textarea.extend(small),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 300, transitionProps: { duration: 120 } } }),
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
