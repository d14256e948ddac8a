# Where the parts go: binary, user unit, licence, and the generated manual page and completions as far as they exist.
include(GNUInstallDirs)
install(TARGETS pg RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(FILES packaging/pg.service DESTINATION lib/systemd/user RENAME promptgate.service)
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}" RENAME copyright)
install(FILES packaging/pg.1 DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" OPTIONAL)
install(FILES completions/pg.bash DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" RENAME pg OPTIONAL)
install(FILES completions/_pg DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions" OPTIONAL)
install(FILES completions/pg.fish DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d" OPTIONAL)
