import { defineCases } from './define.ts';

defineCases('ipam');
