/** What a node has to know to install the plugin; some of it is not known before the deployment. */

import type { OsType } from '../definition.ts';

export type InstallKey =
  | 'RELEASES_URL'
  | 'PLUGIN_VERSION'
  | 'INSTALLER_SHA256'
  | 'WINDOWS_INSTALLER_SHA256'
  | 'CNI_PLUGINS_URL'
  | 'CNI_PLUGINS_VERSION';
export type InstallValues = Readonly<Record<InstallKey, string>>;

/** Values of node.env and of setup.ps1 that are parameters of the template. */
export const INSTALL_KEYS: Readonly<Record<OsType, readonly InstallKey[]>> = {
  Linux: ['RELEASES_URL', 'PLUGIN_VERSION', 'INSTALLER_SHA256', 'CNI_PLUGINS_URL', 'CNI_PLUGINS_VERSION'],
  Windows: ['RELEASES_URL', 'PLUGIN_VERSION', 'WINDOWS_INSTALLER_SHA256'],
};

/** What stands in the template for the values until Resource Manager puts in the parameters. */
export const TOKENS: InstallValues = {
  RELEASES_URL: '@@RELEASES_URL@@',
  PLUGIN_VERSION: '@@PLUGIN_VERSION@@',
  INSTALLER_SHA256: '@@INSTALLER_SHA256@@',
  WINDOWS_INSTALLER_SHA256: '@@WINDOWS_INSTALLER_SHA256@@',
  CNI_PLUGINS_URL: '@@CNI_PLUGINS_URL@@',
  CNI_PLUGINS_VERSION: '@@CNI_PLUGINS_VERSION@@',
};

export const DEFAULT_CNI_PLUGINS_URL = 'https://github.com/containernetworking/plugins/releases/download';
export const DEFAULT_CNI_PLUGINS_VERSION = 'v1.0.1';
