# SPDX-License-Identifier: MIT
# Plugin files that are taken or refused: see test_abi.c.
abi_fixtures = tests/abi/fixture-good.la tests/abi/fixture-old.la tests/abi/fixture-level.la \
	tests/abi/fixture-number.la tests/abi/fixture-import-big.la \
	tests/abi/fixture-import-revision.la tests/abi/fixture-import-nobody.la \
	tests/abi/fixture-optional.la tests/abi/fixture-offers.la tests/abi/fixture-uses.la \
	tests/abi/fixture-liar.la tests/abi/fixture-none.la tests/abi/fixture-bare.la \
	tests/abi/fixture-target.la tests/abi/fixture-target-none.la
# -rpath makes libtool build a shared object although it is not installed
abi_fixture_ldflags = -module -avoid-version -shared -rpath /nowhere
abi_plugin_ldflags = $(plugin_ldflags) -rpath /nowhere

tests_abi_fixture_good_la_SOURCES = tests/abi/fixture-good.c
tests_abi_fixture_good_la_LDFLAGS = $(abi_plugin_ldflags)
tests_abi_fixture_old_la_SOURCES = tests/abi/fixture-old.c
tests_abi_fixture_old_la_LDFLAGS = $(abi_plugin_ldflags)
tests_abi_fixture_level_la_SOURCES = tests/abi/fixture-level.c
tests_abi_fixture_level_la_LDFLAGS = $(abi_plugin_ldflags)
tests_abi_fixture_number_la_SOURCES = tests/abi/fixture-number.c
tests_abi_fixture_number_la_LDFLAGS = $(abi_plugin_ldflags)
tests_abi_fixture_import_big_la_SOURCES = tests/abi/fixture-import.c
tests_abi_fixture_import_big_la_CPPFLAGS = $(AM_CPPFLAGS) -DIMPORT='"backplane.irq/1"' -DSIZE=4096
tests_abi_fixture_import_big_la_LDFLAGS = $(abi_plugin_ldflags)
tests_abi_fixture_import_revision_la_SOURCES = tests/abi/fixture-import.c
tests_abi_fixture_import_revision_la_CPPFLAGS = $(AM_CPPFLAGS) -DIMPORT='"backplane.irq/9"' -DSIZE=8
tests_abi_fixture_import_revision_la_LDFLAGS = $(abi_plugin_ldflags)
tests_abi_fixture_import_nobody_la_SOURCES = tests/abi/fixture-import.c
tests_abi_fixture_import_nobody_la_CPPFLAGS = $(AM_CPPFLAGS) -DIMPORT='"test.nobody/1"' -DSIZE=8
tests_abi_fixture_import_nobody_la_LDFLAGS = $(abi_plugin_ldflags)
tests_abi_fixture_optional_la_SOURCES = tests/abi/fixture-optional.c
tests_abi_fixture_optional_la_LDFLAGS = $(abi_plugin_ldflags)
tests_abi_fixture_offers_la_SOURCES = tests/abi/fixture-offers.c tests/abi/fixture-service.h
tests_abi_fixture_offers_la_LDFLAGS = $(abi_plugin_ldflags)
tests_abi_fixture_uses_la_SOURCES = tests/abi/fixture-uses.c tests/abi/fixture-service.h
tests_abi_fixture_uses_la_LDFLAGS = $(abi_plugin_ldflags)
tests_abi_fixture_liar_la_SOURCES = tests/abi/fixture-liar.c
tests_abi_fixture_liar_la_LDFLAGS = $(abi_plugin_ldflags)
tests_abi_fixture_target_la_SOURCES = tests/abi/fixture-target.c
tests_abi_fixture_target_la_LDFLAGS = $(abi_plugin_ldflags)
tests_abi_fixture_target_none_la_SOURCES = tests/abi/fixture-target.c
tests_abi_fixture_target_none_la_CPPFLAGS = $(AM_CPPFLAGS) -DNO_CPU
tests_abi_fixture_target_none_la_LDFLAGS = $(abi_plugin_ldflags)
tests_abi_fixture_none_la_SOURCES = tests/abi/fixture-none.c
tests_abi_fixture_none_la_LDFLAGS = $(abi_fixture_ldflags)
tests_abi_fixture_bare_la_SOURCES = tests/abi/fixture-bare.c
tests_abi_fixture_bare_la_LDFLAGS = $(abi_fixture_ldflags)

if HAVE_CHECK
check_LTLIBRARIES += $(abi_fixtures)
check_PROGRAMS += tests/abi/test_abi
TESTS += tests/abi/test_abi
tests_abi_test_abi_SOURCES = tests/abi/test_abi.c tests/unit/core_fixture.h
tests_abi_test_abi_CPPFLAGS = $(core_cppflags) $(CHECK_CFLAGS)
tests_abi_test_abi_LDADD = core/libbackplane.la $(CHECK_LIBS)
endif

abi_scripts = tests/abi/test-check.sh tests/abi/test-sdk.sh tests/abi/test-headers.sh \
	tests/abi/test-cli.sh tests/abi/test-plugins.sh
TESTS += $(abi_scripts)
EXTRA_DIST += $(abi_scripts) tests/abi/plugin.cc tests/abi/broken.c
